import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { compileInspectorOptions } from '../../../src/inspect/options.js'
import { InspectorServer } from '../../../src/inspect/server/inspectorServer.js'
import type { WebSocket } from '../../../src/inspect/webSocket.js'
import { TestClient } from '../../fixtures/inspect/testClient.js'

const TIMEOUTS = { headersTimeout: 50, requestTimeout: 100, idleTimeout: 100, connectionsCheckingInterval: 10 }
/** Long enough for a slow machine to open a WebSocket and to send a request. */
const LONGER = { ...TIMEOUTS, headersTimeout: 10_000, requestTimeout: 20_000, idleTimeout: 1_000 }
const FILES = new Map(
  [1, 50_000_000].map(size => [`/${size}`, { contentType: 'text/plain', read: async () => Buffer.alloc(size) }]),
)

async function serving(timeouts = TIMEOUTS) {
  const webSockets = new WebSocketServer({ noServer: true })
  const server = new InspectorServer(webSockets, FILES, timeouts)
  const accepted: WebSocket[] = []
  const url = await server.listen(compileInspectorOptions(), {
    isFull: () => false,
    accept: socket => accepted.push(socket),
  })
  onTestFinished(async () => {
    for (const socket of accepted) socket.terminate()
    await server.stopListening()
  })
  return { url, accepted }
}

function send(url: string, text: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
  socket.write(text)
  onTestFinished(() => void socket.destroy())
  return socket
}

const incompleteHead = (url: string, path = '/1') => `GET ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n`

it.each([
  ['sends nothing', () => ''],
  ['never ends its headers', (url: string) => incompleteHead(url)],
  ['never ends its request', (url: string) => `${incompleteHead(url)}Content-Length: 9\r\n\r\n1`],
])('Closes a connection that %s', async (_, text) => {
  const { url } = await serving()
  const slow = send(url, text(url)).resume()
  await once(slow, 'close')
})

it('Closes a connection that never reads its response, and keeps a silent WebSocket open', async () => {
  const { url, accepted } = await serving(LONGER)
  const client = await TestClient.connect(url)
  const responding = new Promise<ServerResponse>(resolve => {
    const onRequest = (message: unknown) => {
      const { response, server } = message as { readonly response: ServerResponse; readonly server: Server }
      if ((server.address() as { port: number }).port === Number(new URL(url).port)) resolve(response)
    }
    channel('http.server.request.start').subscribe(onRequest)
    onTestFinished(() => void channel('http.server.request.start').unsubscribe(onRequest))
  })
  send(url, `${incompleteHead(url, '/50000000')}\r\n`).pause()
  const response = await responding
  await once(response, 'close')
  accepted[0]?.send('{"type":"@cutover.dropped"}')
  await client.until(({ type }) => type === '@cutover.dropped')
})
