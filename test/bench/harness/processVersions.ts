import { Aggregate, type AggregateOptions } from 'cutover'
import { childProcess } from 'cutover/hosts'
import { subject } from './subject.js'

/** An aggregate of process hosts, each version a new process. */
export class ProcessVersions implements AsyncDisposable {
  readonly aggregate: Aggregate<unknown, unknown>
  readonly #processes = childProcess()
  #last = 0

  constructor(options: Partial<AggregateOptions> = {}) {
    this.aggregate = new Aggregate({ id: 'bench', ...options })
  }

  /** Switches to the first version. */
  async start(): Promise<void> {
    const version = this.#add()
    this.aggregate.start()
    await this.aggregate.setVersion(version)
    await this.aggregate.whenRunning()
  }

  /** Starts the next version and waits until it runs. @returns what switches to it */
  async prepare(): Promise<() => Promise<unknown>> {
    const version = this.#add()
    await this.aggregate.setVersion(this.aggregate.getActiveVersion(), version)
    await this.aggregate.whenRunning({ version })
    return () => this.aggregate.setVersion(version)
  }

  /** How long the active version takes to stop once it is told to, while `during` runs, in ms. */
  async timeStop(during: () => Promise<unknown>): Promise<number> {
    const runtime = this.aggregate.version(this.aggregate.getActiveVersion())
    const stop = runtime.stop.bind(runtime)
    let told = 0
    let stopped = 0
    runtime.stop = () => {
      told = performance.now()
      return stop()
    }
    const subscription = runtime.watchEvents().subscribe(event => {
      if (event.type === 'stopped') stopped = performance.now()
    })
    await during()
    subscription.unsubscribe()
    return stopped - told
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.aggregate.dispose()
  }

  #add(): string {
    const version = `1.0.${++this.#last}`
    const runtime = this.#processes.provision({ id: 'bench', version, module: subject('echo') })
    this.aggregate.addVersion(version, runtime)
    return version
  }
}
