/**
 * A TCP proxy in front of a server that can stop forwarding, as a network does that is cut: no byte, and no end of a connection,
 * arrives. Unlike network namespaces it needs no root, and works in a container.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export class CuttableProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false

  private constructor(port: () => number) {
    this.#server = createServer(client => this.#forward(client, connect(port(), '127.0.0.1')))
  }

  /** @param port - the port of the server, at the time of each connection */
  static async start(port: () => number): Promise<CuttableProxy> {
    const proxy = new CuttableProxy(port)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Forwards nothing any more. What is sent meanwhile arrives after {@link mend}. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.pause()
  }

  mend(): void {
    this.#isCut = false
    for (const socket of this.#sockets) socket.resume()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #forward(client: Socket, server: Socket): void {
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.on('data', bytes => to.write(bytes))
      from.on('error', () => {})
      from.on('close', () => {
        this.#sockets.delete(from)
        // Nobody hears through a cut network that the other side has gone.
        to.destroy()
      })
      if (this.#isCut) from.pause()
    }
  }
}
