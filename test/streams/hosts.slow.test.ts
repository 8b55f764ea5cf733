import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Aggregate, type AggregateOptions, streamed } from 'cutover'
import { childProcess, inProcess, type Provisioner, workerThread } from 'cutover/hosts'
import { afterEach, describe, expect, it } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'
import { noPython, PYTHON } from '../fixtures/installed.js'
import { blocks, streamingModule as module, readAll as read } from '../fixtures/streams.js'

const guestPy = fileURLToPath(new URL('../fixtures/streaming_guest.py', import.meta.url))
const HOSTS = {
  'in-process': inProcess({ module }),
  'worker-thread': workerThread({ module }),
  'child-process': childProcess({ module }),
  ...(noPython === undefined ? { 'Python guest': childProcess({ command: PYTHON, args: [guestPy] }) } : {}),
} as const

const open: Aggregate<unknown, unknown>[] = []
afterEach(async () => {
  for (const aggregate of open.splice(0)) await aggregate.dispose()
})

async function serve(host: Provisioner, options: Partial<AggregateOptions> = {}) {
  const aggregate = new Aggregate({ id: 'streams', ...options })
  open.push(aggregate)
  aggregate.addVersion('1.0.0', host.provision({ id: 'streams', version: '1.0.0' }))
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  await aggregate.whenRunning()
  const metrics = () => aggregate.metrics().versions[0]
  const ends = (count: number) => aggregate.call({ op: 'ends', count })
  const call = (request: unknown) => aggregate.call(request) as Promise<ReadableStream<unknown>>
  return { aggregate, metrics, ends, call }
}

describe.each(Object.entries(HOSTS))('streams of a module: %s', (name, host) => {
  const isRemote = name !== 'in-process'

  it('arrive in order, with and without a head', async () => {
    const { aggregate, call, metrics, ends } = await serve(host)
    expect(await read(await call({ op: 'count', to: 100 }))).toEqual(Array.from({ length: 100 }, (_, i) => i))
    const answer = (await aggregate.call({ op: 'count', to: 1, title: { status: 200 } })) as {
      head: unknown
      body: unknown
    }
    expect([answer.head, await read(answer.body)]).toEqual([{ status: 200 }, [0]])
    expect(metrics()).toMatchObject({ answered: 2, inFlight: 0 })
    expect(await ends(2)).toEqual(['finished', 'finished'])
  })

  it('split chunks of bytes that are longer than a frame takes, and change none', async () => {
    const { call } = await serve(host)
    const size = 200_000
    const chunks = (await read(await call({ op: 'count', to: 5, size }))) as Uint8Array[]
    const bytes = Buffer.concat(chunks)
    expect(bytes.equals(Buffer.concat([0, 1, 2, 3, 4].map(i => Buffer.alloc(size, i))))).toBe(true)
    if (isRemote) expect(Math.max(...chunks.map(chunk => chunk.length))).toBe(64 * 1024)
  })

  it('take a request that is a stream', async () => {
    const { call } = await serve(host)
    const expected = createHash('sha256')
    for await (const block of blocks(40, 100_000)) expected.update(block)
    const digest = expected.digest('hex')
    expect(await call(streamed(blocks(40, 100_000), { op: 'hash' }))).toEqual({ bytes: 4_000_000, digest })
  })

  it('flow both ways in one call', async () => {
    const { call, metrics } = await serve(host)
    const numbers = async function* () {
      for (let i = 0; i < 50; i++) yield i
    }
    const doubled = await call(streamed(numbers(), { op: 'double' }))
    expect(await read(doubled)).toEqual(Array.from({ length: 50 }, (_, i) => i * 2))
    expect(metrics()).toMatchObject({ answered: 1, inFlight: 0 })
  })

  it('carry thousands of objects: their credit is granted again as it was taken', async () => {
    const { call } = await serve(host)
    const rows = Array.from({ length: 5_000 }, (_, id) => ({ id, text: 'row', tags: ['a', 'b'] }))
    async function* source() {
      yield* rows
    }
    expect(await read(await call(streamed(source(), { op: 'echo' })))).toEqual(rows)
  })

  it.skipIf(name === 'Python guest' || !isRemote)('may reuse one object for their chunks', async () => {
    const { call } = await serve(host)
    const rows = (await read(await call({ op: 'reuse', to: 10 }))) as { n: number }[]
    expect(rows.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('end when their reader cancels: the generator returns, and its signal has fired', async () => {
    const { call, ends, metrics } = await serve(host)
    const reader = (await call({ op: 'count', to: 1_000_000, waitAt: 1 })).getReader()
    await reader.read()
    await reader.cancel()
    expect(await ends(1)).toEqual(['returned, aborted'])
    expect(metrics()).toMatchObject({ givenUp: 1, inFlight: 0 })
  })

  it('end when the signal of the call fires', async () => {
    const { aggregate, ends } = await serve(host)
    const controller = new AbortController()
    const body = await aggregate.call({ op: 'count', to: 9, waitAt: 1 }, { signal: controller.signal })
    const reader = (body as ReadableStream<unknown>).getReader()
    await reader.read()
    const next = reader.read()
    controller.abort(new Error('too long'))
    expect(await rejectionOf(next)).toMatchObject({ message: 'too long' })
    expect(await ends(1)).toEqual(['returned, aborted'])
  })

  it('are cut off when their version leaves', async () => {
    const { aggregate, call, metrics } = await serve(host, { drainTimeout: 1 })
    const reader = (await call({ op: 'count', to: 9, waitAt: 1 })).getReader()
    await reader.read()
    const next = rejectionOf(reader.read())
    await aggregate.stop()
    expect(await next).toMatchObject({ code: 'CUTOVER_VERSION_STOPPED', version: '1.0.0' })
    expect(metrics()).toMatchObject({ cutOff: 1, inFlight: 0 })
  })

  it('close a request that they do not read, refuse, or give up', async () => {
    const { call, metrics } = await serve(host)
    for (const op of ['ignore', 'refuse', 'peek']) {
      let cancelled = () => {}
      const ended = new Promise<void>(resolve => {
        cancelled = resolve
      })
      const source = new ReadableStream(
        { pull: controller => controller.enqueue(new Uint8Array(op === 'peek' ? 1 : 100)), cancel: () => cancelled() },
        { highWaterMark: 0 },
      )
      const controller = new AbortController()
      const answer = open[0]?.call(streamed(source, { op }), { signal: controller.signal })
      if (op === 'ignore') expect(await answer).toBe('ignored')
      if (op === 'refuse') expect(await rejectionOf(answer as Promise<unknown>)).toMatchObject({ message: 'refused' })
      if (op === 'peek') {
        expect(await answer).toEqual(new Uint8Array([0]))
        controller.abort()
      }
      await ended
    }
    await call({ op: 'plain' })
    expect(metrics()?.inFlight).toBe(0)
  })

  it('let others pass while nobody reads', async () => {
    const { call } = await serve(host)
    const unread = await call({ op: 'count', to: 1_000, size: 65_536 })
    for (let i = 0; i < 20; i++) expect(await call({ op: 'plain', value: i })).toBe(i)
    await unread.cancel()
  })

  if (!isRemote) return

  it('fail with CUTOVER_RUNTIME_LOST when their guest dies, after what has arrived', async () => {
    const { aggregate, call } = await serve(host)
    const reader = (await call({ op: 'count', to: 9, waitAt: 2 })).getReader()
    await reader.read()
    await call({ op: 'plain' })
    void aggregate.abort({ force: true }).catch(() => {})
    expect(await reader.read()).toEqual({ done: false, value: 1 })
    expect(await rejectionOf(reader.read())).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
  })

  if (name === 'Python guest') return

  it('must be marked, and be the whole answer or request', async () => {
    const { call } = await serve(host)
    const errorOf = async (request: unknown) => (await rejectionOf(call(request))) as Error
    expect((await errorOf({ op: 'generator' })).message).toContain('answer with stream(source)')
    expect((await errorOf({ op: 'part' })).message).toContain('answer.part is a Stream; only a whole')
    expect((await errorOf(blocks(1, 1))).message).toContain('send streamed(source)')
    expect((await errorOf({ part: streamed(blocks(1, 1)) })).message).toContain(
      'request.part is a Stream; only a whole',
    )
  })

  it('fail by a chunk that cannot be sent, and the others go on', async () => {
    const { call } = await serve(host)
    const bad = async function* () {
      yield 1
      yield () => {}
    }
    expect(await rejectionOf(call(streamed(bad(), { op: 'double' })).then(read))).toMatchObject({
      code: 'CUTOVER_INVALID_REQUEST',
      message: expect.stringContaining('chunk is a function'),
    })
    expect(await call({ op: 'plain', value: 1 })).toBe(1)
  })
})
