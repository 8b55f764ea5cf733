/** A node of a fleet in a process of its own, that is killed and launched again. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { FleetNodeSnapshot } from 'cutover/fleet'

const PROGRAM = 'test/fixtures/fleet/node.mjs'

export interface NodeSettings {
  readonly url: string
  readonly fleet: string
  readonly node: string
  /** Where it keeps what proved itself. */
  readonly folder: string
  /** ms */
  readonly heartbeat: number
  /** ms */
  readonly heartbeatTimeout: number
  /** How many calls are in flight at once. */
  readonly senders: number
  /** Of each sender between two calls, at first, in ms. */
  readonly pause: number
  /** How far its wall clock is wrong, in ms. */
  readonly skew: number
}

/** How its calls ended. */
export interface Calls {
  readonly sent: number
  readonly answered: number
  /** Failed by a flawed version. */
  readonly flawed: number
  readonly wrong: number
  /** By error. */
  readonly failed: Readonly<Record<string, number>>
}

/** A message of a node; `at` is in ms on the monotonic clock of the machine. */
export type Told = { readonly at: number } & (
  | { readonly type: 'snapshot'; readonly snapshot: FleetNodeSnapshot; readonly active: string | null }
  | {
      readonly type: 'provisioned'
      readonly version: string
      readonly state?: string
      readonly epoch?: number
      readonly wave?: number
    }
  /** A flawed version has shown its flaw. */
  | { readonly type: 'breach'; readonly version: string }
  | { readonly type: 'calls'; readonly calls: Calls }
  | { readonly type: 'log'; readonly message: string; readonly object: string }
)

export class NodeProcess {
  readonly settings: NodeSettings
  /** The messages of all its processes since the last {@link forget}. */
  told: Told[] = []
  /** The last snapshot of the running process. */
  snapshot: FleetNodeSnapshot | undefined
  active: string | null = null
  stderr = ''
  readonly #changed: () => void
  #child: ChildProcess | undefined
  #isExpected = false

  /** @param changed - called after each message */
  constructor(settings: NodeSettings, changed: () => void) {
    this.settings = settings
    this.#changed = changed
    this.launch()
  }

  get name(): string {
    return this.settings.node
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  launch(): void {
    if (this.#child !== undefined) return
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const
    const child = fork(PROGRAM, [JSON.stringify(this.settings)], { execArgv: [], stdio: [...stdio] })
    this.#child = child
    this.#isExpected = false
    child.stderr?.setEncoding('utf8').on('data', text => {
      this.stderr += text
    })
    child.on('message', message => {
      const told = message as Told
      this.told.push(told)
      if (told.type === 'snapshot' && this.#child === child) {
        this.snapshot = told.snapshot
        this.active = told.active
      }
      this.#changed()
    })
    child.once('exit', (code, signal) => {
      if (!this.#isExpected) this.stderr += `It has ended by itself: ${code ?? signal}.\n`
      this.#changed()
    })
  }

  /** Kills the process with SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#isExpected = true
    this.#child = undefined
    this.snapshot = undefined
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** Makes the pause of each sender so long, in ms. */
  setPause(pause: number): void {
    this.#child?.send({ pause })
  }

  /** Lets it answer its last calls, leave and exit. @returns how its calls ended */
  async end(): Promise<Calls> {
    const child = this.#child
    if (child === undefined) throw new Error(`${this.name} does not run.`)
    this.#isExpected = true
    this.#child = undefined
    const exited = once(child, 'exit')
    child.send('end')
    await exited
    const last = this.told.findLast(told => told.type === 'calls')
    if (last === undefined) throw new Error(`${this.name} did not say how its calls ended: ${this.stderr}`)
    return last.calls
  }
}
