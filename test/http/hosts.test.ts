import { Aggregate } from 'cutover'
import { childProcess, inProcess, type Provisioner, workerThread } from 'cutover/hosts'
import { fetchHandler } from 'cutover/http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const module = new URL('../fixtures/modules/httpApp.mjs', import.meta.url)
const HOSTS: Readonly<Record<string, () => Provisioner>> = {
  'in this process': () => inProcess({ module }),
  'in a thread': () => workerThread({ module }),
  'in a process': () => childProcess({ module }),
}

describe.each(Object.entries(HOSTS))('an HTTP application %s', (_, host) => {
  const aggregate = new Aggregate({ id: 'web' })
  const handle = fetchHandler(aggregate, { exposeVersion: true })
  const get = (path: string, init: RequestInit = {}) => handle(new Request(`http://web.test${path}`, init))

  beforeAll(async () => {
    aggregate.addVersion('1.0.0', host().provision({ id: 'web', version: '1.0.0' }))
    aggregate.start()
    await aggregate.setVersion('1.0.0')
    await aggregate.whenRunning()
  })
  afterAll(() => aggregate.dispose())

  it('answers with status, headers and body, and names its version', async () => {
    const response = await get('/')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('x-cutover-version')).toBe('1.0.0')
    expect(await response.json()).toEqual({ hello: 'world' })
  })

  it('keeps each set-cookie, joins repeated headers, and drops those of a connection', async () => {
    const { headers } = await get('/cookies')
    expect(headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2; Path=/'])
    expect(headers.get('x-two')).toBe('1, 2')
    const other = await get('/nothing')
    expect([other.headers.get('keep-alive'), other.headers.get('transfer-encoding')]).toEqual([null, null])
  })

  it.each([
    ['GET', '/empty', 204],
    ['GET', '/unchanged', 304],
    ['HEAD', '/large', 200],
  ])('has no body for %s %s, which is %i', async (method, path, status) => {
    const response = await get(path, { method })
    expect([response.status, response.body]).toEqual([status, null])
  })

  it('leaves a compressed body as it is', async () => {
    const response = await get('/gzip')
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([31, 139, 8, 0])
  })

  it('carries long bodies both ways', async () => {
    expect((await (await get('/large')).text()).length).toBe(300_000)
    const body = new Uint8Array(1_000_000).map((_, i) => i)
    const answer = await get('/echo', { method: 'POST', body })
    expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), Buffer.from(body))).toBe(0)
  })

  it('carries a body whose length nobody knows', async () => {
    const chunks = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 10; i++) controller.enqueue(new Uint8Array(20_000))
        controller.close()
      },
    })
    const init = { method: 'POST', body: chunks, duplex: 'half', headers: { 'content-type': 'x/y' } } as RequestInit
    expect(await (await get('/length', init)).json()).toEqual({ size: 200_000, type: 'x/y' })
  })

  it('answers 500 without the error of the guest', async () => {
    const response = await get('/throws')
    expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error\n'])
  })

  it('sends a slow body as it comes, and ends it with its reader', async () => {
    const before = Number(await (await get('/aborted')).text())
    const response = await get('/events')
    const reader = response.body?.getReader()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: first\n\n')
    await reader?.cancel()
    expect(await (await get(`/aborted/above/${before}`)).json()).toBe(before + 1)
    expect(aggregate.status().inFlight).toBe(0)
  })

  it('gives the module a Request of the platform, whose signal is the one of its call', async () => {
    expect(await (await get('/request')).json()).toEqual({ isRequest: true, isSignal: true, isAborted: false })
  })

  it('fires the signal of the request when the client goes away', async () => {
    const before = Number(await (await get('/aborted')).text())
    const client = new AbortController()
    const hanging = get('/hangs', { signal: client.signal })
    await new Promise(setImmediate)
    client.abort()
    await hanging
    expect(await (await get(`/aborted/above/${before}`)).json()).toBe(before + 1)
  })
})
