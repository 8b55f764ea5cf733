import { type Runtime, streamed } from 'cutover'
import { remote, serveRemote } from 'cutover/fleet'
import type { CallContext } from 'cutover/hosts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rejectionOf } from '../../fixtures/hosting.js'
import { noNatsServer } from '../../fixtures/installed.js'
import { NatsServer } from '../natsServer.js'

/** Far below the default of 1 MB. */
const MAX_PAYLOAD = 64 * 1024
/** Its length divides no size of a message. */
const PATTERN = Uint8Array.from({ length: 251 }, (_, at) => at)

interface Request {
  readonly op?: string
  readonly value?: unknown
  /** A request in pieces has only this, and a head. */
  readonly body?: ReadableStream<Uint8Array>
}

let cancelled: (() => void) | undefined

async function call(request: Request, { stream, signal }: CallContext): Promise<unknown> {
  if (request.body !== undefined) {
    let bytes = 0
    for await (const chunk of request.body) bytes += chunk.length
    return bytes
  }
  switch (request.op) {
    case 'stream':
      return stream(chunks(100, 50_000), 'head')
    case 'rows':
      return stream(rows(5_000))
    case 'endless':
      signal.addEventListener('abort', () => cancelled?.())
      return stream(chunks(Number.POSITIVE_INFINITY, 1_000))
    default:
      return request.value
  }
}

async function* chunks(count: number, bytes: number): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n++) yield new Uint8Array(bytes).fill(n)
}

async function* rows(count: number) {
  for (let id = 0; id < count; id++) yield { id, tags: ['a', 'b'] }
}

describe.skipIf(noNatsServer !== undefined)(`Over a server of NATS with small messages ${noNatsServer ?? ''}`, () => {
  const opened: AsyncDisposable[] = []
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what its answer is
  let runtime: Runtime<unknown, any>
  beforeAll(async () => {
    const nats = await NatsServer.start({ config: `max_payload: ${MAX_PAYLOAD}` })
    const connection = await nats.connect()
    opened.push(nats, await serveRemote({ call }, { connection: await nats.connect(), subject: 'large' }))
    runtime = remote({ connection, subject: 'large' }).provision({ id: 'large', version: '1.0.0' })
    opened.push({ [Symbol.asyncDispose]: async () => runtime.stop() })
    runtime.start()
  })
  afterAll(async () => {
    for (const each of opened.reverse()) await each[Symbol.asyncDispose]()
  })
  const echo = (value: unknown) => runtime.call({ op: 'echo', value })

  it.each([MAX_PAYLOAD - 1_200, MAX_PAYLOAD - 1_000, MAX_PAYLOAD, MAX_PAYLOAD + 1, 5_000_000, 15_000_000])(
    'a request and an answer of %i bytes arrive whole',
    async length => {
      const bytes = new Uint8Array(Buffer.alloc(length, PATTERN))
      expect(Buffer.compare(await echo(bytes), bytes)).toBe(0)
    },
  )

  it('many large calls, and small ones between them, each get their own answer', async () => {
    const calls = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? `${n}`.repeat(250_000) : `small ${n}`))
    expect((await Promise.all(calls.map(echo))).map(answer => answer.slice(0, 9))).toEqual(
      calls.map(value => value.slice(0, 9)),
    )
  })

  it('a request above maxFrameBytes is refused, and says what to raise', async () => {
    expect(await rejectionOf(echo(new Uint8Array(17_000_000)))).toMatchObject({
      code: 'CUTOVER_INVALID_REQUEST',
      message: expect.stringMatching(/maxFrameBytes/),
    })
    expect(await echo('small')).toBe('small')
  })

  it('an answer in pieces arrives as a stream, with its head first', async () => {
    const { head, body } = await runtime.call({ op: 'stream' })
    expect(head).toBe('head')
    let bytes = 0
    for await (const chunk of body) bytes += chunk.length
    expect(bytes).toBe(100 * 50_000)
  })

  it('a request in pieces does too', async () => {
    const upload = streamed(chunks(200, 50_000), 'head')
    expect(await runtime.call(upload)).toEqual(200 * 50_000)
  })

  it('thousands of objects arrive in order', async () => {
    let next = 0
    for await (const { id } of await runtime.call({ op: 'rows' })) expect(id).toBe(next++)
    expect(next).toBe(5_000)
  })

  it('a reader that has enough ends the call on the server', async () => {
    const ended = new Promise<void>(resolve => {
      cancelled = resolve
    })
    const reader = (await runtime.call({ op: 'endless' })).getReader()
    expect((await reader.read()).value).toHaveLength(1_000)
    await reader.cancel()
    await ended
    expect(await echo('still there')).toBe('still there')
  })
})
