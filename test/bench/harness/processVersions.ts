import { Aggregate, type AggregateOptions } from 'cutover'
import { childProcess, type Provisioner } from 'cutover/hosts'
import { fixture } from './fixture.js'

/** An aggregate whose versions are processes. */
export class ProcessVersions implements AsyncDisposable {
  readonly aggregate: Aggregate<unknown, unknown>
  /** How often a process has started or stopped. */
  restarts = 0
  readonly #processes: Provisioner
  readonly #module: URL
  #last = 0

  constructor(
    options: Partial<AggregateOptions> = {},
    module = fixture('echo'),
    processes: Provisioner = childProcess(),
  ) {
    this.#processes = processes
    this.#module = module
    this.aggregate = new Aggregate({ id: 'bench', ...options })
  }

  /** Starts the aggregate with its first version. */
  async start(): Promise<void> {
    const version = this.#add()
    this.aggregate.start()
    await this.aggregate.setVersion(version)
    await this.aggregate.whenRunning()
  }

  /** Starts a next version and waits until it runs. @returns a function that switches to it */
  async prepare(): Promise<() => Promise<unknown>> {
    const version = this.#add()
    await this.aggregate.setVersion(this.aggregate.getActiveVersion(), version)
    await this.aggregate.whenRunning({ version })
    return () => this.aggregate.setVersion(version)
  }

  /** The time from the `stop()` of the active version to its `stopped` event, in ms, in a switch made by `move`. */
  async timeStop(move: () => Promise<unknown>): Promise<number> {
    const runtime = this.aggregate.version(this.aggregate.getActiveVersion())
    const stop = runtime.stop.bind(runtime)
    let asked = 0
    let stopped = 0
    runtime.stop = () => {
      asked = performance.now()
      return stop()
    }
    const subscription = runtime.watchEvents().subscribe(event => {
      if (event.type === 'stopped') stopped = performance.now()
    })
    await move()
    subscription.unsubscribe()
    return stopped - asked
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.aggregate.dispose()
  }

  #add(): string {
    const version = `1.0.${++this.#last}`
    const runtime = this.#processes.provision({ id: 'bench', version, module: this.#module })
    runtime.watchEvents().subscribe(() => this.restarts++)
    this.aggregate.addVersion(version, runtime)
    return version
  }
}
