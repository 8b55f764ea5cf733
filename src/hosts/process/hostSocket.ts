import { createServer, type Server, type Socket } from 'node:net'
import { makeSocketDirectory, type SocketDirectory } from './socketDirectory.js'

/** Hears of a {@link HostSocket}. */
export interface HostSocketObserver {
  /** A guest can connect to `path` now. */
  listening(path: string, directory: string): void
  /** Called once. */
  connected(socket: Socket): void
  /** Somebody connected when a guest was there already; that connection is closed. */
  connectedTwice(): void
  failed(error: Error): void
  /** The listener and every connection are closed, and the directory is removed. Called once, last, after {@link HostSocket.close}. */
  closed(): void
}

/**
 * The Unix socket that one guest connects to, in a directory of its own.
 *
 * The first connection removes the directory, so that no other program finds the socket. The listener stays for two turns of the
 * event loop, to see a second program that had connected before.
 */
export class HostSocket {
  readonly #observer: HostSocketObserver
  readonly #directory: SocketDirectory
  readonly #server: Server
  #connection: Socket | undefined
  #closing: NodeJS.Immediate | undefined

  /** @throws CutoverError `CUTOVER_START_FAILED` when there can be no directory for it */
  constructor(observer: HostSocketObserver) {
    this.#observer = observer
    this.#directory = makeSocketDirectory()
    const { path, socketPath } = this.#directory
    this.#server = createServer(socket => this.#accept(socket))
      .once('listening', () => observer.listening(socketPath, path))
      .once('close', () => observer.closed())
      .on('error', error => observer.failed(error))
      .listen({ path: socketPath, exclusive: true })
  }

  /** Takes no connection any more and removes the directory. The connection that there is stays. */
  close(): void {
    clearImmediate(this.#closing)
    this.#server.close()
    this.#directory.remove()
  }

  /** Ends the connection at once, with any data still in it. */
  destroy(): void {
    this.#connection?.destroy()
  }

  #accept(socket: Socket): void {
    // The connection has a listener of its own: this one is for the time before and after.
    socket.on('error', () => {})
    if (this.#connection !== undefined) {
      socket.destroy()
      this.#observer.connectedTwice()
      return
    }
    this.#connection = socket
    this.#directory.remove()
    this.#closing = setImmediate(() => {
      this.#closing = setImmediate(() => this.close())
    })
    this.#observer.connected(socket)
  }
}
