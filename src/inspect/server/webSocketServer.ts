import { CutoverError } from '../../contract/index.js'
import type { WebSocketServer } from '../webSocket.js'

/** Clients only listen, so a small limit is enough. In bytes. */
const MAX_PAYLOAD = 1_024

/**
 * Creates a WebSocket server without a port. Loads `ws` here, so that only programs that start an inspector need it.
 *
 * @throws CutoverError (rejects) `CUTOVER_INSPECTOR_FAILED`
 */
export async function createWebSocketServer(): Promise<WebSocketServer> {
  try {
    const { WebSocketServer: Server } = await import('ws')
    return new Server({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: MAX_PAYLOAD,
    })
  } catch (cause) {
    const message = 'The inspector needs the package ws, which cannot be loaded. Install it: npm install ws'
    throw new CutoverError('CUTOVER_INSPECTOR_FAILED', message, { cause })
  }
}
