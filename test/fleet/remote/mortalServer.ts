/** A server in this process whose module takes its connection away at the request `crash`, as the end of its process would. Then it serves again. */
import { type RemoteServer, serveRemote } from 'cutover/fleet'
import type { NatsServer } from '../natsServer.js'

export class MortalServer implements AsyncDisposable {
  readonly #nats: NatsServer
  readonly #subject: string
  #server!: Promise<RemoteServer>
  #isOver = false

  private constructor(nats: NatsServer, subject: string) {
    this.#nats = nats
    this.#subject = subject
    this.#server = this.#serve()
  }

  /** Resolves when it serves. */
  static async start(nats: NatsServer, subject: string): Promise<MortalServer> {
    const server = new MortalServer(nats, subject)
    await server.#server
    return server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    const server = await this.#server
    await server[Symbol.asyncDispose]()
  }

  async #serve(): Promise<RemoteServer> {
    const connection = await this.#nats.connect()
    const crash = async () => {
      await connection.close()
      if (!this.#isOver) this.#server = this.#serve()
      return new Promise(() => {})
    }
    const source = ({ version }: { readonly version: string }) => ({
      call: (request: string) => (request === 'crash' ? crash() : `${version} answers ${request}`),
    })
    return serveRemote(source, { connection, subject: this.#subject })
  }
}
