import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { Logger } from 'cutover'
import { startInspector } from 'cutover/inspect'
import { expect, it, onTestFinished } from 'vitest'
import { pageFiles } from '../../../src/inspect/server/pageFiles.js'
import { request, TestClient } from '../../fixtures/inspect/testClient.js'
import { Noted } from '../../fixtures/noted.js'
import { usedBytes } from '../../fixtures/usedBytes.js'

/** Opens a connection to the inspector. */
function open(url: string, options: { readonly allowHalfOpen?: boolean } = {}): Socket {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ...options })
  onTestFinished(() => void socket.destroy())
  return socket.on('error', () => {})
}

const upgrade = (url: string, path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`

it('A client that resets its connection during a refused upgrade does no harm', async () => {
  await using inspector = await startInspector()
  for (let i = 0; i < 20; i++) {
    const socket = open(inspector.url)
    await once(socket, 'connect')
    socket.write(upgrade(inspector.url, '/socket').repeat(3))
    socket.resetAndDestroy()
  }
  expect(await request(inspector.url)).toMatchObject({ status: 200 })
})

it('A refused client that does not close its side does not hold up close', async () => {
  const inspector = await startInspector()
  const socket = open(inspector.url, { allowHalfOpen: true })
  socket.write(upgrade(inspector.url, '/socket'))
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /)
  socket.resume()
  await once(socket, 'end')
  await inspector.close()
})

it('A connection beyond 256 is closed at once, and later ones are accepted again', async () => {
  await using inspector = await startInspector()
  let accepted = 0
  const onSocket = () => {
    accepted++
  }
  channel('net.server.socket').subscribe(onSocket)
  onTestFinished(() => void channel('net.server.socket').unsubscribe(onSocket))
  const sockets = Array.from({ length: 256 }, () => open(inspector.url))
  await Promise.all(sockets.map(socket => once(socket, 'connect')))
  const last = open(inspector.url).resume()
  await once(last, 'close')
  expect(accepted).toBe(256)
  const [first] = sockets
  first?.end('GET / HTTP/1.1\r\n\r\n').resume()
  await once(first as Socket, 'close')
  expect(await request(inspector.url)).toMatchObject({ status: 200 })
})

it('A connection that has ended is released', async () => {
  await using inspector = await startInspector()
  const refs: WeakRef<Socket>[] = []
  const closed: Promise<unknown>[] = []
  const onSocket = (message: unknown) => {
    const { socket } = message as { readonly socket: Socket }
    refs.push(new WeakRef(socket))
    closed.push(once(socket, 'close'))
  }
  channel('net.server.socket').subscribe(onSocket)
  for (let i = 0; i < 5; i++) expect(await request(inspector.url)).toMatchObject({ status: 200 })
  channel('net.server.socket').unsubscribe(onSocket)
  await Promise.all(closed.splice(0))
  for (let i = 0; i < 5; i++) {
    await turn()
    usedBytes()
  }
  expect(refs.map(ref => ref.deref())).toEqual(Array(5).fill(undefined))
})

it('An error of the listening socket is logged, and the inspector goes on', async () => {
  const errors = new Noted<unknown>()
  const ignore = () => {}
  const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: details => errors.add(details) }
  await using inspector = await startInspector({ logger })
  const server = new Promise<Server>(resolve => {
    const onRequest = (message: unknown) => resolve((message as { readonly server: Server }).server)
    channel('http.server.request.start').subscribe(onRequest)
    onTestFinished(() => void channel('http.server.request.start').unsubscribe(onRequest))
  })
  await request(inspector.url)
  const err = new Error('EMFILE')
  expect((await server).listenerCount('error')).toBe(1)
  ;(await server).emit('error', err)
  expect(errors.all).toEqual([{ err }])
  expect(await request(inspector.url)).toMatchObject({ status: 200 })
})

it('A file that cannot be read is a 404', async () => {
  const { InspectorServer } = await import('../../../src/inspect/server/inspectorServer.js')
  const { createWebSocketServer } = await import('../../../src/inspect/server/webSocketServer.js')
  const { compileInspectorOptions } = await import('../../../src/inspect/options.js')
  const read = async () => JSON.parse('{')
  const server = new InspectorServer(await createWebSocketServer(), new Map([['/', { contentType: 'x', read }]]))
  onTestFinished(() => server.stopListening())
  const url = await server.listen(compileInspectorOptions(), { isFull: () => true, accept: () => {} })
  expect(await request(url)).toMatchObject({ status: 404, body: '' })
})

it('A missing folder counts as a page that is not built', async () => {
  const files = await pageFiles(new URL('file:///no/such/folder/'))
  expect([...files.keys()]).toEqual(['/'])
})

it('A failed start on a taken port does not disturb the inspector on that port', async () => {
  await using inspector = await startInspector()
  const port = Number(new URL(inspector.url).port)
  await expect(startInspector({ port })).rejects.toMatchObject({ code: 'CUTOVER_INSPECTOR_FAILED' })
  expect((await TestClient.connect(inspector.url)).socket.readyState).toBe(1)
})
