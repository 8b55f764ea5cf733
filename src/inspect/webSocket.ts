import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * The part of a `WebSocket` of the package `ws` that we use. The types of that package would have to be installed by all who compile
 * against ours with `skipLibCheck: false`.
 */
export interface WebSocket {
  readonly OPEN: number
  readonly readyState: number
  readonly bufferedAmount: number
  on(event: 'ping', listener: (data: Buffer) => void): unknown
  on(event: 'pong' | 'message' | 'error' | 'close', listener: () => void): unknown
  send(data: string, sent?: (error?: Error | null) => void): void
  ping(): void
  pong(data: Buffer): void
  close(code: number): void
  terminate(): void
}

/** The part of a `WebSocketServer` of the package `ws` that we use. */
export interface WebSocketServer {
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    upgraded: (webSocket: WebSocket, request: IncomingMessage) => void,
  ): void
}
