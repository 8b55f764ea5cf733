import { Aggregate, CutoverError, type ErrorCode } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { type FetchHandlerOptions, fetchHandler } from 'cutover/http'
import { describe, expect, it, vi } from 'vitest'

const request = (init: RequestInit = {}, path = '/') => new Request(`http://web.test${path}`, init)
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** A handler in front of a call that does what a runtime may do. */
function answeredBy(call: (...args: readonly unknown[]) => unknown, options: FetchHandlerOptions = {}) {
  return fetchHandler({ call: async (...args) => call(...args) }, options)
}

function failingWith(code: ErrorCode) {
  return answeredBy(() => {
    throw new CutoverError(code, 'no')
  })
}

const OK = { head: { status: 200, statusText: '', headers: [] }, body: null }

describe('a request that no version answers', () => {
  it.each([
    ['CUTOVER_NO_ACTIVE_VERSION', 503],
    ['CUTOVER_TOO_MANY_WAITING_CALLS', 503],
    ['CUTOVER_POOL_BUSY', 503],
    ['CUTOVER_DISPOSED', 503],
    ['CUTOVER_NOT_RUNNING', 503],
    ['CUTOVER_RUNTIME_LOST', 502],
    ['CUTOVER_VERSION_STOPPED', 502],
    ['CUTOVER_CALL_TIMEOUT', 504],
    ['CUTOVER_NO_SUCH_VERSION', 404],
    ['CUTOVER_INVALID_ANSWER', 500],
  ] as const)('%s gives %i', async (code, status) => {
    const response = await failingWith(code)(request())
    expect(response.status).toBe(status)
    expect(response.headers.get('retry-after')).toBe(status === 503 ? '1' : null)
  })

  it.each([
    ['nothing', undefined],
    ['text', 'hello'],
    ['a head that is none', { head: null, body: null }],
    ['a status that does not exist', { head: { status: 42, statusText: '', headers: [] }, body: null }],
    ['headers that are none', { head: { status: 200, statusText: '', headers: ['a b', ''] }, body: null }],
  ])('an answer that is %s gives 500, and the log says why', async (_, answer) => {
    const warn = vi.fn()
    const response = await answeredBy(() => answer, { logger: { ...quiet, warn } })(request())
    expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error\n'])
    expect(warn).toHaveBeenCalledOnce()
  })

  it('a version that takes too long gives 504, and its call ends', async () => {
    let ended: unknown
    const handle = answeredBy(
      (_, options) =>
        new Promise((_resolve, reject) => {
          const { signal } = options as { signal: AbortSignal }
          signal.addEventListener('abort', () => {
            ended = signal.reason
            reject(signal.reason)
          })
        }),
      { timeout: 1 },
    )
    expect((await handle(request())).status).toBe(504)
    expect(ended).toMatchObject({ name: 'TimeoutError' })
  })

  it.each([
    ['200 while it reads piece after piece', 10, 200],
    ['504 when it has stopped reading', 3, 504],
  ])('a version that gets a long upload gives %s', async (_, pieces, status) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const handle = answeredBy(
        async (message, options) => {
          const chunks = (message as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
          for (let i = 0; i < pieces; i++) {
            await chunks.next()
            vi.advanceTimersByTime(900)
          }
          if (pieces < 10) vi.advanceTimersByTime(100)
          ;(options as { readonly signal: AbortSignal }).signal.throwIfAborted()
          return OK
        },
        { timeout: 1_000 },
      )
      const body = new ReadableStream({ pull: controller => controller.enqueue(new Uint8Array(100_000)) })
      const init = { method: 'POST', body, duplex: 'half', headers: { 'content-length': '1000000' } }
      expect((await handle(request(init as RequestInit))).status).toBe(status)
    } finally {
      vi.useRealTimers()
    }
  })

  it('a key that throws gives 500', async () => {
    const key = () => {
      throw new Error('no key')
    }
    expect((await answeredBy(() => OK, { key })(request())).status).toBe(500)
  })
})

describe('a body', () => {
  const chunks = (count: number) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let i = 0; i < count; i++) controller.enqueue(new Uint8Array(1_000))
        controller.close()
      },
    })
  const post = (body: ReadableStream<Uint8Array>, headers: Record<string, string> = {}) =>
    request({ method: 'POST', body, headers, duplex: 'half' } as RequestInit)

  it('that is longer than maxBodyBytes by its length reaches no version', async () => {
    const call = vi.fn()
    const response = await answeredBy(call, { maxBodyBytes: 999 })(post(chunks(1), { 'content-length': '1000' }))
    expect([response.status, call.mock.calls]).toEqual([413, []])
  })

  it('that grows longer than maxBodyBytes ends its upload with 413', async () => {
    const read = async (message: unknown) => {
      for await (const _ of (message as { body: ReadableStream }).body);
      return OK
    }
    expect((await answeredBy(read, { maxBodyBytes: 2_500 })(post(chunks(3)))).status).toBe(413)
    expect((await answeredBy(read, { maxBodyBytes: 3_000 })(post(chunks(3)))).status).toBe(200)
  })

  it.each([1_999, 2_001])('of 2,000 bytes that declares %i reaches no version', async length => {
    const call = vi.fn()
    const response = await answeredBy(call)(post(chunks(2), { 'content-length': String(length) }))
    expect([response.status, call.mock.calls]).toEqual([400, []])
  })

  it('that breaks off reaches no version', async () => {
    const call = vi.fn()
    const broken = new ReadableStream({ pull: controller => controller.error(new Error('reset')) })
    expect((await answeredBy(call)(post(broken, { 'content-length': '5' }))).status).toBe(400)
    expect(call).not.toHaveBeenCalled()
  })
})

describe('the call of a request', () => {
  it('has the key, the version and the trace of the request', async () => {
    const call = vi.fn(() => OK)
    const handle = answeredBy(call, {
      key: ({ headers }) => headers.get('x-user') ?? undefined,
      version: ({ headers }) => headers.get('x-version') ?? undefined,
    })
    await handle(request({ headers: { 'x-user': 'ann', 'x-version': '2.0.0', traceparent: '00-1-2-01' } }))
    expect(call).toHaveBeenCalledWith(
      expect.objectContaining({ body: null }),
      expect.objectContaining({ key: 'ann', version: '2.0.0', traceparent: '00-1-2-01' }),
    )
  })

  it('leaves out the headers of the connection', async () => {
    const call = vi.fn((_message: unknown) => OK)
    await answeredBy(call)(request({ headers: { 'keep-alive': 'timeout=5', te: 'trailers', accept: '*/*' } }))
    expect(call.mock.calls[0]?.[0]).toMatchObject({ head: { method: 'GET', headers: ['accept', '*/*'] } })
  })
})

it.each([
  ['timeout', { timeout: -1 }],
  ['maxBodyBytes', { maxBodyBytes: 0 }],
  ['key', { key: 'user' as never }],
  ['version', { version: '1.0.0' as never }],
  ['exposeVersion', { exposeVersion: 1 as never }],
  ['logger', { logger: {} as never }],
])('refuses a wrong %s by name', (name, options) => {
  expect(() => answeredBy(() => OK, options)).toThrow(`Option "${name}"`)
})

describe('a module that has fetch', () => {
  async function serving(module: object) {
    const aggregate = new Aggregate({ id: 'web' })
    aggregate.addVersion('1.0.0', inProcess({ module: module as never }).provision({ id: 'web', version: '1.0.0' }))
    aggregate.start()
    await aggregate.setVersion('1.0.0')
    await aggregate.whenRunning()
    return { aggregate, handle: fetchHandler(aggregate) }
  }

  it('keeps its other functions, and is the `this` of them', async () => {
    const seen: unknown[] = []
    const module = {
      name: 'app',
      start() {
        seen.push(this.name)
      },
      stop() {
        seen.push(this.name)
      },
      fetch() {
        return new Response(this.name)
      },
    }
    const { aggregate, handle } = await serving(module)
    expect(await (await handle(request())).text()).toBe('app')
    await aggregate.dispose()
    expect(seen).toEqual(['app', 'app'])
  })

  it('refuses a call that is no HTTP request, and says what to use', async () => {
    const { aggregate } = await serving({ fetch: () => new Response() })
    await expect(aggregate.call('hello')).rejects.toThrow('Use fetchHandler() or serveHttp()')
    await aggregate.dispose()
  })

  it('gives 500 where it gives no Response', async () => {
    const { aggregate, handle } = await serving({ fetch: () => 'hello' })
    expect((await handle(request())).status).toBe(500)
    await aggregate.dispose()
  })

  it('that has `call` too is called by that', async () => {
    const { aggregate } = await serving({ fetch: () => new Response(), call: () => 'called' })
    expect(await aggregate.call('x')).toBe('called')
    await aggregate.dispose()
  })

  it('is stopped only after its responses have ended', async () => {
    const order: string[] = []
    let end = () => {}
    const module = {
      fetch: () =>
        new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(new Uint8Array(1))
              end = () => controller.close()
            },
          }),
        ),
      stop: () => {
        order.push('stopped')
      },
    }
    const { aggregate, handle } = await serving(module)
    const response = await handle(request())
    const stopped = aggregate.dispose()
    await new Promise(setImmediate)
    order.push('end of the body')
    end()
    await response.arrayBuffer()
    await stopped
    expect(order).toEqual(['end of the body', 'stopped'])
  })
})
