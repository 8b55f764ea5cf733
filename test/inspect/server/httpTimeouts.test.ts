import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { it, onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { compileInspectorOptions } from '../../../src/inspect/options.js'
import { InspectorServer } from '../../../src/inspect/server/inspectorServer.js'
import { TestViewer } from '../../fixtures/inspect/testClient.js'

const PATIENCE = { headersTimeout: 50, requestTimeout: 100, silence: 100, connectionsCheckingInterval: 10 }
const FILES = new Map(
  [1, 50_000_000].map(size => [`/${size}`, { type: 'text/plain', read: async () => Buffer.alloc(size) }]),
)

async function serving() {
  const webSockets = new WebSocketServer({ noServer: true })
  const server = new InspectorServer(webSockets, FILES, PATIENCE)
  const viewers: WebSocket[] = []
  const url = await server.listen(compileInspectorOptions(), {
    hasRoom: () => true,
    take: socket => viewers.push(socket),
  })
  onTestFinished(async () => {
    for (const viewer of viewers) viewer.terminate()
    await server.stopListening()
  })
  return { url, viewers }
}

function client(url: string, text: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
  socket.write(text)
  onTestFinished(() => void socket.destroy())
  return socket
}

const half = (url: string, path = '/1') => `GET ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n`

it.each([
  ['says nothing', () => ''],
  ['never comes to the end of its headers', (url: string) => half(url)],
  ['never comes to the end of its request', (url: string) => `${half(url)}Content-Length: 9\r\n\r\n1`],
])('A client that %s does not keep its place', async (_, text) => {
  const { url } = await serving()
  const slow = client(url, text(url)).resume()
  await once(slow, 'close')
})

it('A client that never reads its answer does not keep its place; a viewer that has nothing to say does', async () => {
  const { url, viewers } = await serving()
  const viewer = await TestViewer.connect(url)
  const answer = new Promise<ServerResponse>(resolve => {
    const hear = (message: unknown) => {
      const { response, server } = message as { readonly response: ServerResponse; readonly server: Server }
      if ((server.address() as { port: number }).port === Number(new URL(url).port)) resolve(response)
    }
    channel('http.server.request.start').subscribe(hear)
    onTestFinished(() => void channel('http.server.request.start').unsubscribe(hear))
  })
  client(url, `${half(url, '/50000000')}\r\n`).pause()
  const response = await answer
  await once(response, 'close')
  viewers[0]?.send('{"type":"@cutover.dropped"}')
  await viewer.until(({ type }) => type === '@cutover.dropped')
})
