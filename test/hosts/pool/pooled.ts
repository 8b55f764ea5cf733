import type { Runtime, RuntimeEvent } from 'cutover'
import { type PoolOptions, type Provisioner, pool, type RuntimeConfig } from 'cutover/hosts'
import { ControllableRuntime, SimulatedClock } from 'cutover/testing'
import type { LogLine } from '../../fixtures/hosting.js'

/** A pool of runtimes that do only what the test says. Records its events and its log. */
export class Pooled {
  readonly clock = new SimulatedClock()
  readonly instances: ControllableRuntime<string, string>[] = []
  readonly configs: RuntimeConfig[] = []
  readonly logs: LogLine[] = []
  readonly raw: RuntimeEvent[] = []
  readonly runtime: Runtime<string, string>

  constructor(options: PoolOptions = {}) {
    const write = (level: LogLine['level']) => (object: object, message: string) => {
      this.logs.push({ level, object: object as Record<string, unknown>, message })
    }
    const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
    const provisioner: Provisioner = {
      name: 'by hand',
      provision: config => {
        const instance = new ControllableRuntime<string, string>({ id: 'rules', version: '1.0.0', autoStop: true })
        this.configs.push(config)
        this.instances.push(instance)
        return instance as unknown as Runtime<never, never>
      },
    }
    this.runtime = pool(provisioner, { clock: this.clock, ...options }).provision({
      id: 'rules',
      version: '1.0.0',
      logger,
    })
    this.runtime.watchEvents().subscribe(event => this.raw.push(event))
  }

  /** Starts the pool; all instances come up. */
  up(): this {
    this.runtime.start()
    for (const instance of this.instances) instance.emitStarted()
    this.take()
    return this
  }

  at(number: number): ControllableRuntime<string, string> {
    const instance = this.instances[number]
    if (instance === undefined) throw new Error(`There is no instance ${number}.`)
    return instance
  }

  /** The events since the last call, in short: `died` for a `stopped` with a reason. */
  take(): string[] {
    return this.raw.splice(0).map(event => {
      if (event.type === 'failedToStart') return event.final === true ? 'gave up' : 'failed'
      return event.type === 'stopped' && event.reason !== undefined ? 'died' : event.type
    })
  }

  /** How many calls each instance has. */
  get loads(): number[] {
    return this.instances.map(({ calls }) => calls.length)
  }

  /** The requests that each instance has, in order. */
  get requests(): string[][] {
    return this.instances.map(({ calls }) => calls.map(({ request }) => request))
  }

  /** Makes calls. A rejection that the test does not look at is no unhandled rejection. */
  call(...requests: string[]): Promise<string>[] {
    return requests.map(request => {
      const answer = this.runtime.call(request)
      answer.catch(() => {})
      return answer
    })
  }
}
