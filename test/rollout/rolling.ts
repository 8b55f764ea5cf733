import type { AggregateOptions } from 'cutover'
import { Rollout, type RolloutEvent, type RolloutOptions, type RolloutResult } from 'cutover/rollout'
import { ControllableRuntime } from 'cutover/testing'
import { Hosting, ID, microtasks } from '../fixtures/hosting.js'

/** The record of a store whose rollout has made 1.0.0 permanent. */
export const RECORD = {
  permanent: '1.0.0',
  previous: null,
  candidate: null,
  state: 'idle',
  since: '2026-11-30T00:00:00Z',
} as const

type Runtimes = ControllableRuntime<string, string>

/** A rollout on an aggregate with a simulated clock. Each provisioned runtime starts and stops at once, unless told not to. */
export class Rolling {
  readonly hosting: Hosting
  readonly rollout: Rollout<string, string>
  /** The runtimes that were provisioned, in order. */
  readonly provisioned: Runtimes[] = []
  /** The versions whose calls fail. */
  readonly failing = new Set<string>()
  /** The versions that do not start by themselves. */
  readonly silent = new Set<string>()
  /** `state`, `state.phase`, `promoted 2.0.0` and `ended CUTOVER_REJECTED`, in order. */
  readonly story: string[] = []
  /** Acts to run when the rollout enters a state, once. */
  readonly when = new Map<string, () => unknown>()
  /** How many calls have failed. */
  failures = 0

  constructor(
    options: Partial<RolloutOptions<string, string>> = {},
    aggregate: Partial<AggregateOptions<string>> = {},
  ) {
    this.hosting = new Hosting(aggregate)
    this.rollout = new Rollout<string, string>(this.hosting.aggregate, {
      provision: version => this.provision(version),
      clock: this.hosting.clock,
      ...options,
    })
    this.rollout.watch().subscribe(event => {
      this.story.push(told(event))
      const act = this.when.get(told(event))
      this.when.delete(told(event))
      act?.()
    })
    this.hosting.aggregate.start()
  }

  get aggregate() {
    return this.hosting.aggregate
  }

  get clock() {
    return this.hosting.clock
  }

  /** The pair in place: `1.0.0 | 2.0.0`. */
  get pair(): string {
    const { active, next } = this.aggregate.status()
    return `${active} | ${next}`
  }

  /** The state and the phase of the rollout: `stepping.held`. */
  get place(): string {
    const { state, phase } = this.rollout.status()
    return phase === null ? state : `${state}.${phase}`
  }

  provision(version: string): Runtimes {
    const autoStart = !this.silent.has(version)
    const runtime = new ControllableRuntime<string, string>({ id: ID, version, autoStart, autoStop: true })
    this.provisioned.push(runtime)
    return runtime
  }

  /** The runtime of a version that was provisioned last. */
  runtime(version: string): Runtimes {
    const found = this.provisioned.findLast(runtime => runtime.getActiveVersion() === version)
    if (found === undefined) throw new Error(`Version ${version} was not provisioned.`)
    return found
  }

  /** Makes a version permanent. */
  async serve(version: string): Promise<void> {
    await this.rollout.to(version, { verify: () => {}, steps: [] })
    this.story.length = 0
  }

  /** Orders a version, and lets all that needs no time happen. */
  async order(version: string, plan?: Parameters<Rollout<string, string>['to']>[1]): Promise<Ordered> {
    const promise = this.rollout.to(version, plan)
    promise.catch(() => {})
    await microtasks()
    // In an object, or `await` would wait for it.
    return { promise }
  }

  /** Makes calls one by one, and answers them, or lets them fail. */
  async calls(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      this.aggregate.call(`call ${n}`).catch(() => {
        this.failures += 1
      })
      await this.answer()
    }
  }

  /** Makes calls all at once, then answers them, or lets them fail. */
  async burst(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      this.aggregate.call(`call ${n}`).catch(() => {
        this.failures += 1
      })
    }
    await this.answer()
  }

  /** Answers what is in flight. */
  async answer(): Promise<void> {
    for (const runtime of this.provisioned) {
      for (const call of runtime.calls.splice(0)) {
        if (this.failing.has(runtime.getActiveVersion())) call.fail(new Error('broken'))
        else call.answer('answer')
      }
    }
    await microtasks()
  }

  async pass(time: number): Promise<void> {
    this.clock.increment(time)
    await microtasks()
  }
}

export interface Ordered {
  readonly promise: Promise<RolloutResult>
}

/** A rollout of which 1.0.0 is permanent. */
export async function served(options: ConstructorParameters<typeof Rolling>[0] = {}): Promise<Rolling> {
  const rolling = new Rolling({ soak: 1_000, ...options })
  await rolling.serve('1.0.0')
  return rolling
}

function told(event: RolloutEvent): string {
  if (event.type === 'promoted') return `promoted ${event.result.version}`
  if (event.type === 'ended') return `ended ${event.error.code}`
  const { state, phase } = event.status
  return phase === null ? state : `${state}.${phase}`
}
