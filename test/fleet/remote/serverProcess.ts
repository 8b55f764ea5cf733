/** A program that serves a module over NATS, in a process of its own, launched again when it dies. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../fixtures/processes/servesRemote.mjs', import.meta.url))

export class ServerProcess implements AsyncDisposable {
  readonly #args: readonly string[]
  #child: ChildProcess
  #isUp: Promise<unknown>
  #isOver = false

  private constructor(args: readonly string[]) {
    this.#args = args
    this.#child = this.#launch()
    this.#isUp = once(this.#child, 'message')
  }

  /** Resolves when it serves. */
  static async start(servers: string, subject: string, module: URL): Promise<ServerProcess> {
    const server = new ServerProcess([servers, subject, module.href])
    await server.whenUp()
    return server
  }

  /** Resolves when it serves, again after a crash. */
  async whenUp(): Promise<void> {
    await this.#isUp
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  #launch(): ChildProcess {
    const child = fork(PROGRAM, this.#args, { execArgv: [] })
    child.once('exit', () => {
      if (this.#isOver) return
      this.#child = this.#launch()
      this.#isUp = once(this.#child, 'message')
    })
    return child
  }
}
