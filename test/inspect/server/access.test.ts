import { createServer } from 'node:net'
import { isCutoverError } from 'cutover'
import { type Inspector, startInspector } from 'cutover/inspect'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { rejectionOf } from '../../fixtures/hosting.js'
import { request, socketUrl, TestClient, upgradeStatus } from '../../fixtures/inspect/testClient.js'

let inspector: Inspector
let port: string
beforeEach(async () => {
  inspector = await startInspector()
  port = new URL(inspector.url).port
})
afterEach(() => inspector.close())

describe('The page', () => {
  it('is served to a request with the token, with headers that isolate it', async () => {
    const { status, headers } = await request(inspector.url)
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(headers['content-security-policy']).toContain(
      `default-src 'self'; connect-src 'self' ws://127.0.0.1:${port} wss://127.0.0.1:${port};`,
    )
  })

  it.each(['/', '/?token=', '/?token=wrong', '/index.html', '/?other=1'])(
    'is refused without the token: %s',
    async path => {
      expect(await request(new URL(path, inspector.url))).toMatchObject({ status: 401, body: '' })
    },
  )

  it('has a token of at least 128 bits, a new one for each inspector', async () => {
    await using other = await startInspector()
    const tokens = [inspector, other].map(({ url }) => new URL(url).searchParams.get('token') ?? '')
    expect(tokens.map(token => Buffer.from(token, 'base64url').length >= 16)).toEqual([true, true])
    expect(tokens[0]).not.toBe(tokens[1])
  })

  it.each(['evil.example', 'evil.example:PORT', '127.0.0.1', '127.0.0.1:1', 'localhost.:PORT'])(
    'is refused under another name, as with DNS rebinding: Host %s',
    async host => {
      const headers = { host: host.replace('PORT', port) }
      expect(await request(inspector.url, headers)).toMatchObject({ status: 403, body: '' })
      expect(await upgradeStatus(socketUrl(inspector.url), { headers })).toBe(403)
    },
  )

  it.each(['localhost', 'LocalHost', '[::1]'])('is served under each name of loopback: %s', async name => {
    expect(await request(inspector.url, { host: `${name}:${port}` })).toMatchObject({ status: 200 })
  })

  it('is refused with two Host headers, of which a proxy may have checked the other one', async () => {
    const headers = ['Host', `127.0.0.1:${port}`, 'Host', 'evil.example']
    expect(await request(inspector.url, headers)).toMatchObject({ status: 403, body: '' })
  })

  it('gives 404 for other files and for paths out of its folder, and 405 for POST', async () => {
    const token = new URL(inspector.url).search
    for (const path of ['/socket', '/server.js', '/../server.js', '/%2e%2e/server.js', '/..%2fserver.js']) {
      expect(await request(`http://127.0.0.1:${port}${path}${token}`)).toMatchObject({ status: 404, body: '' })
    }
    expect(await request(inspector.url, {}, 'POST')).toMatchObject({ status: 405, body: '' })
    expect(await request(inspector.url, {}, 'HEAD')).toMatchObject({ status: 200, body: '' })
  })

  it('says what to run if it is not built', async () => {
    const { body, headers } = await request(inspector.url)
    if (headers['content-type']?.startsWith('text/html')) return
    expect(body).toContain('npm run build')
  })
})

describe('The WebSocket', () => {
  it('is refused without the token, and with a wrong one', async () => {
    expect(await upgradeStatus(socketUrl(inspector.url, ''))).toBe(401)
    expect(await upgradeStatus(socketUrl(inspector.url, 'x'.repeat(32)))).toBe(401)
    expect(await upgradeStatus(new URL(`ws://127.0.0.1:${port}/socket`))).toBe(401)
  })

  it.each(['http://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost:PORT'])(
    'is refused to a page of another origin, even with the token: %s',
    async origin => {
      expect(await upgradeStatus(socketUrl(inspector.url), { origin: origin.replace('PORT', port) })).toBe(403)
    },
  )

  it('is open to its own page, and to programs, which send no origin', async () => {
    const own = await TestClient.connect(inspector.url, { origin: `http://127.0.0.1:${port}` })
    const program = await TestClient.connect(inspector.url)
    expect([own, program].map(({ socket }) => socket.readyState)).toEqual([WebSocket.OPEN, WebSocket.OPEN])
  })

  it('is refused at another path, and beyond maxViewers', async () => {
    const elsewhere = socketUrl(inspector.url)
    elsewhere.pathname = '/'
    expect(await upgradeStatus(elsewhere)).toBe(404)
    await using small = await startInspector({ maxViewers: 2 })
    const first = await TestClient.connect(small.url)
    await TestClient.connect(small.url)
    expect(await upgradeStatus(socketUrl(small.url))).toBe(503)
    first.socket.close()
    await first.closed
    await TestClient.connect(small.url)
  })
})

describe('Other addresses', () => {
  it('allowedHosts are accepted, for a proxy in front', async () => {
    await using proxied = await startInspector({ allowedHosts: ['Inspect.example'] })
    const headers = { host: 'inspect.example' }
    expect(await request(proxied.url, headers)).toMatchObject({ status: 200 })
    const origin = 'https://inspect.example'
    expect((await TestClient.connect(proxied.url, { headers, origin })).socket.readyState).toBe(WebSocket.OPEN)
    expect(await request(proxied.url, { host: 'inspect.example:1' })).toMatchObject({ status: 403 })
  })

  it.each([
    ['127.1', '127.0.0.1', 'localhost'],
    ['0:0:0:0:0:0:0:1', '[::1]', 'localhost'],
    ['::FFFF:127.0.0.1', '[::ffff:7f00:1]', '[::ffff:7f00:1]'],
    ['0', '127.0.0.1', '[::1]'],
  ])('On %s, the address as browsers write it is accepted: %s, %s', async (host, name, other) => {
    await using odd = await startInspector({ host })
    const { hostname, port: oddPort } = new URL(odd.url)
    expect(odd.url).toContain(`//${name}:`)
    expect(hostname).toBe(name)
    expect(await request(odd.url)).toMatchObject({ status: 200 })
    expect(await request(odd.url, { host: `${other}:${oddPort}` })).toMatchObject({ status: 200 })
    expect(await request(odd.url, { host: `evil.example:${oddPort}` })).toMatchObject({ status: 403 })
  })

  it('On 0.0.0.0, the address of the request is accepted, and no other name', async () => {
    await using open = await startInspector({ host: '0.0.0.0' })
    const openPort = new URL(open.url).port
    expect(new URL(open.url).hostname).toBe('127.0.0.1')
    const byOther = open.url.replace('127.0.0.1', '127.0.0.2')
    expect(await request(byOther)).toMatchObject({ status: 200 })
    expect(await request(byOther, { host: `evil.example:${openPort}` })).toMatchObject({ status: 403 })
    await expect(request(inspector.url.replace('127.0.0.1', '127.0.0.2'))).rejects.toThrow('ECONNREFUSED')
  })
})

describe('startInspector', () => {
  it('rejects with the port in the message if the port is in use', async () => {
    const error = await rejectionOf(startInspector({ port: Number(port) }))
    expect(isCutoverError(error, 'CUTOVER_INSPECTOR_FAILED')).toBe(true)
    expect((error as Error).message).toContain(`127.0.0.1, port ${port}: port ${port} is in use`)
  })

  it('rejects if the address does not belong to this machine', async () => {
    const error = await rejectionOf(startInspector({ host: '192.0.2.1' }))
    expect(error).toMatchObject({ code: 'CUTOVER_INSPECTOR_FAILED', message: expect.stringContaining('192.0.2.1') })
  })

  it.each([
    ['port', 65_536],
    ['port', '80'],
    ['host', ''],
    ['allowedHosts', ['http://a']],
    ['sanitize', 'x'],
    ['history', -1],
    ['historyBytes', 0],
    ['maxMessageBytes', 100],
    ['maxViewers', 0],
    ['logger', {}],
    ['clock', {}],
  ])('rejects the option %s: %j', async (name, value) => {
    const error = await rejectionOf(startInspector({ [name]: value }))
    expect(error).toMatchObject({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(`"${name}"`) })
  })

  it('frees the port on close', async () => {
    await inspector.close()
    const server = createServer()
    await new Promise<void>(resolve => server.listen(Number(port), '127.0.0.1', resolve))
    await new Promise(resolve => server.close(resolve))
  })
})
