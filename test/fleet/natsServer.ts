/** A nats-server of our own for tests: on a free port of this machine, with JetStream and a store in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node'
import { NATS_SERVER } from '../fixtures/installed.js'

/** Options of {@link NatsServer.start}. */
export interface NatsServerOptions {
  /** Further text of the configuration file, such as accounts, or limits. @default none */
  readonly config?: string
  /** @default a free one */
  readonly port?: number
}

export class NatsServer implements AsyncDisposable {
  /** The folder of the configuration and of the store. */
  readonly folder: string
  readonly #connections: NatsConnection[] = []
  readonly #config: string
  #process: ChildProcess | undefined
  #port: number

  private constructor(folder: string, { config = '', port = -1 }: NatsServerOptions) {
    this.folder = folder
    this.#config = config
    this.#port = port
  }

  /** Starts a server, and resolves when it accepts connections. */
  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = new NatsServer(await mkdtemp(join(tmpdir(), 'nats-')), options)
    await server.launch()
    return server
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`
  }

  get pid(): number {
    return this.#process?.pid ?? -1
  }

  /** Connects a client that is closed with the server. It reconnects for ever, at once, unless `options` say otherwise. */
  async connect(options: NodeConnectionOptions = {}): Promise<NatsConnection> {
    const connection = await connect({
      servers: this.url,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 10,
      reconnectJitter: 0,
      ...options,
    })
    this.#connections.push(connection)
    return connection
  }

  /** Launches the process, again after {@link kill}: with the same port and store. */
  async launch(): Promise<void> {
    const file = join(this.folder, 'nats.conf')
    const store = `jetstream { store_dir: ${JSON.stringify(join(this.folder, 'store'))} }`
    await writeFile(file, `host: 127.0.0.1\nport: ${this.#port}\n${store}\n${this.#config}\n`)
    const launched = spawn(NATS_SERVER, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = launched
    let log = ''
    const lines = createInterface({ input: launched.stderr })
    const isReady = new Promise<void>((resolve, reject) => {
      lines.on('line', line => {
        log += `${line}\n`
        const [, port] = /Listening for client connections on \S+:(\d+)/.exec(line) ?? []
        if (port !== undefined) this.#port = Number(port)
        if (line.endsWith('Server is ready')) resolve()
      })
      launched.once('error', reject)
      launched.once('exit', () => reject(new Error(`nats-server has exited:\n${log}`)))
    })
    await isReady
  }

  /** Kills the process, by default with SIGKILL, and resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const launched = this.#process
    if (launched === undefined || launched.exitCode !== null || launched.signalCode !== null) return
    const exited = once(launched, 'exit')
    launched.kill(signal)
    // A process that a test has stopped with SIGSTOP handles no other signal than SIGKILL.
    if (signal !== 'SIGKILL') launched.kill('SIGCONT')
    await exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#connections.map(connection => connection.close()))
    await this.kill()
    await rm(this.folder, { recursive: true, force: true })
  }
}
