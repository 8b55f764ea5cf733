import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { Agent, get as httpGet, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Aggregate, type CallOptions } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { type HttpServer, type ServeHttpOptions, serveHttp } from 'cutover/http'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { deferred } from '../fixtures/inProcessHost.js'

type Fetch = (request: Request) => Response | Promise<Response>

/** Clients keep their connections, and the end of a test would wait for them. */
const LOCAL: ServeHttpOptions = { port: 0, host: '127.0.0.1', closeTimeout: 10_000, server: { keepAliveTimeout: 20 } }

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function serve(fetch: Fetch, options: ServeHttpOptions = {}) {
  const aggregate = new Aggregate({ id: 'web' })
  const provision = (version: string, fetch: Fetch) =>
    aggregate.addVersion(version, inProcess({ module: { fetch } as never }).provision({ id: 'web', version }))
  provision('1.0.0', fetch)
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  const server = await serveHttp(aggregate, { ...LOCAL, ...options })
  ends.push(
    () => aggregate.dispose(),
    () => server.close(),
  )
  return { aggregate, server, provision }
}

/** Sends a request over a connection that is kept. */
async function get(server: HttpServer, agent: Agent): Promise<IncomingMessage & { readonly text: string }> {
  const [response] = (await once(httpGet(server.url, { agent }), 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += chunk
  return Object.assign(response, { text })
}

/** Sends bytes, and gives all that the server sends until it closes the connection. */
async function raw(server: HttpServer, ...parts: readonly string[]): Promise<string> {
  const socket = connect(server.port, '127.0.0.1')
  socket.on('error', () => {})
  let answer = ''
  socket.on('data', chunk => {
    answer += chunk
  })
  for (const part of parts) socket.write(part)
  // A reset is an end too, so not by `once`, which rejects on an error.
  await new Promise(resolve => socket.once('close', resolve))
  return answer
}

/** Serves a runtime that answers each request with `body`, and notes the signal that it got with it. */
async function serveBody(body: Uint8Array | null) {
  const signals: unknown[] = []
  const call = async (_: unknown, options?: CallOptions) => {
    signals.push(options?.signal)
    return { head: { status: 200, statusText: '', headers: [] }, body }
  }
  const server = await serveHttp({ call }, LOCAL)
  ends.push(() => server.close())
  return { server, signals }
}

describe('the signals of requests', () => {
  it('A request gets the signal of one whose response was sent, but not if the body of that may still arrive', async () => {
    const { server, signals } = await serveBody(null)
    const ask = async (init?: RequestInit) => (await fetch(server.url, init)).arrayBuffer()
    await ask()
    await ask()
    await ask({ method: 'POST', body: 'a' })
    await ask()
    const [first, second, upload, last] = signals
    expect([second === first, upload === first, last === upload]).toEqual([true, true, false])
  })
})

it.each([16_383, 16_384, 16_385, 65_536])('A body of %i bytes of any kind arrives as it is', async size => {
  const body = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 0xff)
  const { server } = await serveBody(body)
  const response = await fetch(server.url)
  expect(response.headers.get('content-length')).toBe(String(size))
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(body)
})

describe('a graceful close', () => {
  it('answers a request that is on its way on a connection that was idle, and closes that with the answer', async () => {
    const { server } = await serve(() => new Response('ok'), { server: { keepAliveTimeout: 5_000 } })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    expect((await get(server, agent)).headers.connection).toBe('keep-alive')
    const closed = server.close()
    const last = await get(server, agent)
    expect([last.text, last.headers.connection]).toEqual(['ok', 'close'])
    await closed
  })

  it('ends what is under way first, and a second call waits for it too', async () => {
    const order: string[] = []
    const gate = deferred()
    const arrived = deferred()
    const { server } = await serve(async () => {
      arrived.resolve()
      await gate.promise
      order.push('answered')
      return new Response('ok')
    })
    const agent = new Agent({ keepAlive: true })
    const answer = get(server, agent)
    await arrived.promise
    const closed = Promise.all([server.close(), server.close()]).then(() => order.push('closed'))
    gate.resolve()
    const { text, headers } = await answer
    await closed
    expect([text, headers.connection]).toEqual(['ok', 'close'])
    expect(order).toEqual(['answered', 'closed'])
  })

  it('cuts off what still runs after closeTimeout', async () => {
    const arrived = deferred()
    const hang = () => {
      arrived.resolve()
      return new Promise<Response>(() => {})
    }
    const { server } = await serve(hang, { closeTimeout: 50 })
    const cut = expect(fetch(server.url)).rejects.toThrow()
    await arrived.promise
    await server.close()
    await cut
  })

  it('ends idle connections', async () => {
    const { server } = await serve(() => new Response('ok'))
    await get(server, new Agent({ keepAlive: true }))
    await server.close()
  })
})

describe('a switch under connections that are kept', () => {
  it('opens and closes none, and no request fails', async () => {
    const { aggregate, server, provision } = await serve(() => new Response('1'))
    const agent = new Agent({ keepAlive: true, maxSockets: 4 })
    const sockets = new Set<unknown>()
    agent.on('free', socket => sockets.add(socket))
    provision('2.0.0', () => new Response('2'))
    const answers: string[] = []
    const clients = Array.from({ length: 4 }, async () => {
      while (answers.at(-1) !== '2') answers.push((await get(server, agent)).text)
    })
    await aggregate.setVersion('2.0.0')
    await Promise.all(clients)
    expect(new Set(answers)).toContain('2')
    expect(sockets.size).toBeLessThanOrEqual(4)
    agent.destroy()
  })
})

describe('hostile requests', () => {
  const head = 'Host: web.test\r\nConnection: close\r\n'
  it.each([
    ['two lengths', `POST / HTTP/1.1\r\n${head}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
    [
      'a length and chunks',
      `POST / HTTP/1.1\r\n${head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a coding that is hidden', `POST / HTTP/1.1\r\n${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a coding that is compressed', `POST / HTTP/1.1\r\n${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['a header with a line break', `GET / HTTP/1.1\r\n${head}X: a\nTransfer-Encoding: chunked\r\n\r\n`],
    ['a length that is negative', `POST / HTTP/1.1\r\n${head}Content-Length: -1\r\n\r\n`],
    ['100,000 headers', `GET / HTTP/1.1\r\n${head}${'A: b\r\n'.repeat(100_000)}\r\n`],
    ['two hosts', `GET / HTTP/1.1\r\n${head}host: other.test\r\n\r\n`],
    ['a port that is none', 'GET / HTTP/1.1\r\nHost: a:99999\r\nConnection: close\r\n\r\n'],
    ['an IP address that is none', 'GET / HTTP/1.1\r\nHost: 256.256.256.256\r\nConnection: close\r\n\r\n'],
    ['an address with a password', `GET http://u:p@web.test/ HTTP/1.1\r\n${head}\r\n`],
    ['a host that is none', 'GET / HTTP/1.1\r\nHost: a@b/c?\r\nConnection: close\r\n\r\n'],
    ['an address of another host', `GET http://other.test/ HTTP/1.1\r\n${head}\r\n`],
    ['an address that is none', `OPTIONS * HTTP/1.1\r\n${head}\r\n`],
    ['a method that no module can get', `TRACE / HTTP/1.1\r\n${head}\r\n`],
    ['a tunnel', `CONNECT web.test:80 HTTP/1.1\r\n${head}\r\n`],
    ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['no HTTP', 'hello\r\n\r\n'],
  ])('with %s reach no version', async (_, bytes) => {
    const handler = vi.fn(() => new Response('ok'))
    const { server } = await serve(handler)
    expect(await raw(server, bytes)).toMatch(/^(HTTP\/1.1 (4\d\d|501) |$)/)
    expect(handler).not.toHaveBeenCalled()
  })

  it.each([
    ['GET', 'Content-Length: 3\r\n\r\nabc'],
    ['HEAD', 'Content-Length: 3\r\n\r\nabc'],
    ['GET', 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['GET', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
  ])('with a body that no module can get reach the version without it: %s, %j', async (method, rest) => {
    const { server } = await serve(request => new Response(null, { headers: { body: `${request.body}` } }))
    const answer = await raw(server, `${method} http://WEB.test/a HTTP/1.1\r\n${head}${rest}`)
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n(?:.*\r\n)*body: null\r\n/)
  })

  it('with a short body that never comes are ended by the time limit of the server, and reach no version', async () => {
    const handler = vi.fn(() => new Response('ok'))
    const limits = { requestTimeout: 100, headersTimeout: 100, connectionsCheckingInterval: 20 }
    const { server } = await serve(handler, { server: limits })
    expect(await raw(server, `POST / HTTP/1.1\r\n${head}Content-Length: 5\r\n\r\n`, 'ab')).toMatch(/^HTTP\/1.1 4\d\d /)
    expect(handler).not.toHaveBeenCalled()
  })

  it('that break off in a short body reach no version', async () => {
    const handler = vi.fn(() => new Response('ok'))
    const { server } = await serve(handler)
    const socket = connect(server.port, '127.0.0.1')
    const part = `POST / HTTP/1.1\r\n${head}Content-Length: 5\r\n\r\nab`
    await new Promise<void>(resolve => socket.write(part, () => resolve()))
    socket.destroy()
    await once(socket, 'close')
    expect((await fetch(server.url)).status).toBe(200)
    expect(handler).toHaveBeenCalledOnce()
  })

  it('with a chunk that is none, or that ends too soon, break in the module too', async () => {
    const bodies = [
      { begun: deferred(), end: deferred<string>() },
      { begun: deferred(), end: deferred<string>() },
    ] as const
    let requests = 0
    const { server } = await serve(async request => {
      const { begun, end } = bodies[requests++ === 0 ? 0 : 1]
      begun.resolve()
      await request.arrayBuffer().then(
        () => end.resolve('whole'),
        () => end.resolve('broken'),
      )
      return new Response('ok')
    })
    const chunked = `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n`
    await raw(server, `${chunked}zz\r\n\r\n`)
    expect(await bodies[0].end.promise).toBe('broken')
    const socket = connect(server.port, '127.0.0.1')
    socket.write(`${chunked}5\r\nab`)
    await bodies[1].begun.promise
    socket.destroy()
    expect(await bodies[1].end.promise).toBe('broken')
  })
})

/** Waits until the server has sent this text. */
function received(socket: Socket, text: string): Promise<void> {
  const { promise, resolve } = deferred()
  let got = ''
  const read = (chunk: Buffer) => {
    got += chunk
    if (!got.includes(text)) return
    socket.off('data', read)
    resolve()
  }
  socket.on('data', read)
  return promise
}

/** A body that gives these many bytes, and breaks or ends only when the client has them. */
function slowBody(bytes: number, end: (controller: ReadableStreamDefaultController<Uint8Array>) => void) {
  let pulls = 0
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (pulls++ === 0) return controller.enqueue(new Uint8Array(bytes))
      await new Promise(resolve => setImmediate(() => setImmediate(resolve)))
      end(controller)
    },
  })
}

describe('a body that breaks', () => {
  const fail = (controller: ReadableStreamDefaultController) => controller.error(new Error('the secret of the guest'))
  const close = (controller: ReadableStreamDefaultController) => controller.close()
  it.each([
    ['is cut off', 5, fail, {}],
    ['is cut off before its length', 5, fail, { 'content-length': '10' }],
    ['is shorter than its length', 5, close, { 'content-length': '10' }],
    ['is longer than its length', 5, close, { 'content-length': '1' }],
  ])('as it %s ends its connection', async (_, bytes, end, headers) => {
    const warn = vi.fn()
    const logger = { debug() {}, info() {}, warn, error() {} }
    const { server } = await serve(() => new Response(slowBody(bytes, end), { headers }), { logger })
    const response = await raw(server, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(response).toContain('HTTP/1.1 200 OK')
    expect(response).not.toMatch(/secret|\r\n0\r\n/)
    await expect(fetch(server.url).then(whole => whole.arrayBuffer())).rejects.toThrow()
    expect(warn).toHaveBeenCalledWith(expect.anything(), 'a response broke off')
  })

  it('resets the connection of an HTTP/1.0 client, whose bodies end with it', async () => {
    const { server } = await serve(() => new Response(slowBody(5, fail)))
    const socket = connect(server.port, '127.0.0.1')
    socket.resume().write('GET / HTTP/1.0\r\n\r\n')
    const [error] = await once(socket, 'error')
    expect(error).toMatchObject({ code: 'ECONNRESET' })
  })

  it.each([
    ['breaks at once', () => new Response(new ReadableStream({ start: fail }))],
    ['is longer than its length', () => new Response('hello', { headers: { 'content-length': '1' } })],
    ['is shorter than its length', () => new Response('hello', { headers: { 'content-length': '9' } })],
    ['has two lengths', () => new Response('hello', { headers: { 'content-length': '5, 6' } })],
  ])('before its head is sent, as it %s, gives 500', async (_, answer) => {
    const { server } = await serve(answer)
    const response = await fetch(server.url)
    expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error\n'])
  })

  it('is closed, with its call, if its head cannot be sent', async () => {
    const init = { headers: { 'content-length': 'many' } }
    const cancelled = deferred()
    const body = new ReadableStream({ pull: c => c.enqueue(new Uint8Array(70_000)), cancel: () => cancelled.resolve() })
    const { server, aggregate } = await serve(() => new Response(body, init))
    expect((await fetch(server.url)).status).toBe(500)
    await cancelled.promise
    expect(aggregate.status().inFlight).toBe(0)
  })
})

describe('close()', () => {
  it('leaves no timer of its server behind', async () => {
    const timers = new Set<number>()
    const isServers = () => new Error('made here').stack?.includes('node:_http_server')
    const hook = createHook({
      init: (id, type) => void (type === 'Timeout' && isServers() && timers.add(id)),
      destroy: id => void timers.delete(id),
    }).enable()
    const { server } = await serve(() => new Response('hello'))
    expect(timers.size).toBeGreaterThan(0)
    await server.close()
    await new Promise(setImmediate)
    hook.disable()
    expect(timers.size).toBe(0)
  })
})

describe('a long upload', () => {
  const slow = { method: 'POST', body: new Uint8Array(500_000) }

  it('that the version reads only in part ends with its response', async () => {
    const ended = deferred()
    const { server, aggregate } = await serve(async request => {
      const reader = request.body?.getReader()
      reader?.closed.then(ended.resolve, () => ended.resolve())
      await reader?.read()
      return new Response('', { status: 413 })
    })
    expect((await fetch(server.url, slow)).status).toBe(413)
    await ended.promise
    expect(aggregate.status().inFlight).toBe(0)
  })

  it('whose key cannot be told is closed', async () => {
    const key = () => {
      throw new Error('no key')
    }
    const { server, aggregate } = await serve(() => new Response('never'), { key })
    expect((await fetch(server.url, slow)).status).toBe(500)
    expect(aggregate.status().inFlight).toBe(0)
  })

  it.each([
    ['null', null],
    ['floats', new Float32Array(4)],
    ['a buffer', new ArrayBuffer(4)],
  ])('and a response whose body has %s among its chunks gives 500', async (_, chunk) => {
    const { server, aggregate } = await serve(() => {
      const chunks = [chunk, chunk]
      return new Response(
        new ReadableStream({ pull: c => (chunks.length > 0 ? c.enqueue(chunks.pop() as never) : c.close()) }),
      )
    })
    expect((await fetch(server.url)).status).toBe(500)
    expect(aggregate.status().inFlight).toBe(0)
  })
})

describe('a client', () => {
  it('that goes away ends the response', async () => {
    const cancelled = deferred()
    const body = new ReadableStream({ pull: c => c.enqueue(new Uint8Array(1_000)), cancel: () => cancelled.resolve() })
    const { server } = await serve(() => new Response(body))
    const socket = connect(server.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(socket, 'data')
    socket.destroy()
    await cancelled.promise
  })

  it('that still sends when its response has ended gets it, and keeps its connection if it ends soon', async () => {
    const { server } = await serve(() => new Response('early'), { maxBodyBytes: 100_000 })
    const socket = connect(server.port, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n')
    await received(socket, '413')
    socket.write(`${'x'.repeat(200_000)}GET / HTTP/1.1\r\nHost: a\r\n\r\n`)
    await received(socket, 'early')
    socket.destroy()
  })

  it('that goes on sending after its response loses its connection', async () => {
    const { server } = await serve(() => new Response('early'))
    const socket = connect(server.port, '127.0.0.1')
    socket.resume().on('error', () => {})
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n')
    await once(socket, 'close')
  })
})

describe('listening', () => {
  it('rejects on a port that is taken', async () => {
    const { aggregate, server } = await serve(() => new Response('ok'))
    await expect(serveHttp(aggregate, { port: server.port, host: '127.0.0.1' })).rejects.toThrow('EADDRINUSE')
  })

  it('says where: a url and a port', async () => {
    const { server } = await serve(() => new Response('ok'))
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
  })
})
