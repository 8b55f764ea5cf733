/** A nats-server of the demo's own, on a free port, with a store in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { UserError } from '../userError.js'

/** The path on Debian, which the PATH of most users lacks. */
const ON_DEBIAN = '/usr/sbin/nats-server'
const MISSING =
  'The demo of a fleet needs nats-server. Install it: "apt install nats-server", "brew install nats-server", or see https://nats.io/download.'

export class NatsServer implements AsyncDisposable {
  readonly version: string
  readonly url: string
  readonly folder: string
  readonly #process: ChildProcess

  private constructor(process: ChildProcess, folder: string, version: string, port: string) {
    this.#process = process
    this.folder = folder
    this.version = version
    this.url = `nats://127.0.0.1:${port}`
  }

  /** @throws UserError with exit code 1: there is no nats-server */
  static async start(): Promise<NatsServer> {
    const folder = await mkdtemp(join(tmpdir(), 'cutover-demo-'))
    const command = process.env['NATS_SERVER'] ?? (existsSync(ON_DEBIAN) ? ON_DEBIAN : 'nats-server')
    const args = ['--addr', '127.0.0.1', '--port', '-1', '--jetstream', '--store_dir', folder]
    // Its own group: a Ctrl-C must not end it before the nodes.
    const server = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    const lines: string[] = []
    const found = (pattern: RegExp) => lines.map(line => pattern.exec(line)?.[1]).find(text => text !== undefined)
    const isReady = new Promise<void>((resolve, reject) => {
      createInterface(server.stderr).on('line', line => {
        lines.push(line)
        if (line.endsWith('Server is ready')) resolve()
      })
      server.once('error', () => reject(new UserError(MISSING, 1)))
      server.once('exit', () => reject(new UserError(`nats-server has ended: ${lines.at(-1)}`, 1)))
    })
    try {
      await isReady
    } catch (error) {
      await rm(folder, { recursive: true })
      throw error
    }
    return new NatsServer(
      server,
      folder,
      found(/Version:\s+(\S+)/) ?? '',
      found(/client connections on \S+:(\d+)/) ?? '',
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, 'exit')
    if (this.#process.kill('SIGKILL')) await exited
    await rm(this.folder, { recursive: true, force: true })
  }
}
