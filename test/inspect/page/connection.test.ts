import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type ConnectionState, connect, isRefused } from '../../../src/inspect/page/connection/connection.js'
import { Noted } from '../../fixtures/noted.js'

/** As in a browser, an error is no exception. */
class BrowserWebSocket extends WebSocket {
  static readonly opened: BrowserWebSocket[] = []

  constructor(address: string) {
    super(address)
    this.on('error', () => {})
    BrowserWebSocket.opened.push(this)
  }
}

beforeEach(() => {
  BrowserWebSocket.opened.length = 0
  vi.stubGlobal('WebSocket', BrowserWebSocket)
  return () => vi.unstubAllGlobals()
})

/** A server for WebSockets, which refuses them with this status if one is given. */
async function serve(status?: number) {
  const http = createServer((_, response) => response.writeHead(status ?? 200).end())
  const sockets = new WebSocketServer({ noServer: true })
  const accepted = new Noted<WebSocket>()
  http.on('upgrade', (request, socket, head) => {
    if (status === undefined) sockets.handleUpgrade(request, socket, head, it => accepted.add(it))
    else socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(() => {
    for (const socket of accepted.all) socket.terminate()
    http.close()
    http.closeAllConnections()
  })
  const { port } = http.address() as AddressInfo
  return { accepted, url: `ws://127.0.0.1:${port}`, page: { href: `http://127.0.0.1:${port}/` } }
}

function start(url: string, checkRefused: () => Promise<boolean> = async () => false) {
  const states = new Noted<ConnectionState>()
  const texts = new Noted<string>()
  const close = connect(url, { onState: it => states.add(it), onText: it => texts.add(it) }, checkRefused)
  onTestFinished(close)
  return { states, texts, close }
}

describe('The connection of the page', () => {
  it('reports its states and its text messages, and closes its socket', async () => {
    const { url, accepted } = await serve()
    const { states, texts, close } = start(url)
    await accepted.count(1)
    await states.first(it => it === 'open')
    const [socket] = accepted.all
    socket?.send(Buffer.from('binary'))
    socket?.send('text')
    await texts.count(1)
    close()
    await once(socket as WebSocket, 'close')
    expect(texts.all).toEqual(['text'])
    expect(states.all).toEqual(['connecting', 'open', 'closed'])
  })

  it('connects again after the program ended the connection, without a check of its access', async () => {
    const { url, accepted } = await serve()
    let checks = 0
    const { states, close } = start(url, async () => ++checks > 0)
    await accepted.count(1)
    await states.count(2)
    accepted.all[0]?.terminate()
    await accepted.count(2)
    await states.count(5)
    close()
    expect(states.all).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open', 'closed'])
    expect(checks).toBe(0)
  })

  it('ignores the events of a socket that it has closed', async () => {
    const { url, accepted } = await serve()
    const { states, texts, close } = start(url)
    await accepted.count(1)
    await states.count(2)
    close()
    const [socket] = BrowserWebSocket.opened
    socket?.onmessage?.({ data: 'late' } as never)
    socket?.onclose?.({} as never)
    socket?.onopen?.({} as never)
    expect(texts.all).toEqual([])
    expect(states.all).toEqual(['connecting', 'open', 'closed'])
  })

  it('gives up if the socket cannot be opened and the access is refused', async () => {
    const { url } = await serve(401)
    const warn = vi.spyOn(console, 'warn')
    const { states, close } = start(url, async () => true)
    await states.count(3)
    close()
    expect(states.all).toEqual(['connecting', 'checking', 'refused'])
    expect(warn).not.toHaveBeenCalled()
  })

  it('connects again if the socket cannot be opened for another reason', async () => {
    const { url } = await serve(503)
    const { states } = start(url)
    await states.count(5)
    expect(states.all.slice(0, 5)).toEqual(['connecting', 'checking', 'waiting', 'connecting', 'checking'])
  })

  it('can be closed while it checks its access, and ignores the result', async () => {
    const { url } = await serve(503)
    let answer: (refused: boolean) => void = () => {}
    const check = new Promise<boolean>(resolve => {
      answer = resolve
    })
    const warn = vi.spyOn(console, 'warn')
    const { states, close } = start(url, () => check)
    await states.count(2)
    close()
    answer(true)
    await check
    close()
    expect(states.all).toEqual(['connecting', 'checking', 'closed'])
    expect(warn).not.toHaveBeenCalled()
  })
})

describe('The access check', () => {
  it.each([
    [401, true],
    [403, false],
    [200, false],
  ])('after the status %d says that access is refused: %s', async (status, refused) => {
    const { page } = await serve(status)
    expect(await isRefused(page)).toBe(refused)
  })

  it('says that access is not refused if the program is not reachable', async () => {
    expect(await isRefused({ href: 'http://127.0.0.1:1/' })).toBe(false)
  })
})
