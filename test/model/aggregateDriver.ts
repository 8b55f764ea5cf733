import { Aggregate, isCutoverError } from 'cutover'
import type { AggregateEvent, AggregateSnapshot, aggregateMachine, Handover } from 'cutover/machines'
import { ControllableRuntime, SimulatedClock } from 'cutover/testing'
import { expect } from 'vitest'
import type { AnyTransitionDefinition, InspectionEvent } from 'xstate'
import { microtasks } from '../fixtures/hosting.js'
import type { Driver, Step } from './runEverything.js'
import { TimedOracle } from './timedOracle.js'

const ID = 'model'

/**
 * Does to a real aggregate, through its public API and its runtimes, what the events of its machine say; and to the
 * oracle. After each step all three must agree.
 */
export class AggregateDriver implements Driver<typeof aggregateMachine> {
  readonly #oracle: TimedOracle
  readonly #events: string[] = []
  readonly #settled: string[] = []
  readonly #runtimes: ControllableRuntime[] = []
  readonly #aggregate: Aggregate
  #taken: AnyTransitionDefinition[] = []
  #promises = 0

  constructor(handover: Handover) {
    const inspect = (event: InspectionEvent) => {
      if (event.type !== '@xstate.microstep' || event.actorRef.sessionId !== event.rootId) return
      this.#taken.push(...(event._transitions as AnyTransitionDefinition[]))
    }
    this.#oracle = new TimedOracle({
      handover,
      drainTimeout: 5_000,
      stopTimeout: 30_000,
      waitTimeout: 30_000,
      maxWaitingCalls: 0,
    })
    this.#aggregate = new Aggregate({ id: ID, handover, clock: new SimulatedClock(), inspect })
    this.#aggregate.watchEvents().subscribe(event => {
      this.#events.push('version' in event ? `${event.type} ${event.version}` : event.type)
    })
  }

  async take({ event, to }: Step<typeof aggregateMachine>) {
    this.#taken = []
    const [actual, expected] = [this.#perform(event), this.#ask(event)]
    this.#oracle.follow()
    await microtasks()
    agree('result', actual, expected)
    agree('status', this.#status(), this.#expectedStatus())
    agree('status, by the machine', this.#status(), statusIn(to))
    agree('starts and stops', this.#runtimes.map(countsOf), this.#oracle.oracle.all.map(countsOf))
    agree('events', this.#events.splice(0), this.#oracle.oracle.events.splice(0))
    agree('promises', this.#settled.splice(0).sort(), this.#oracle.settled.splice(0).sort())
    return actual === null ? this.#taken : null
  }

  async end(): Promise<void> {
    const disposed = this.#aggregate.dispose()
    for (const runtime of [...this.#runtimes, ...this.#runtimes]) runtime.emitStopped()
    await disposed
    agree(
      'those who still listen',
      this.#runtimes.filter(({ subscribers }) => subscribers > 0),
      [],
    )
    agree(
      'those not stopped, though started',
      this.#runtimes.filter(({ starts, stops }) => starts !== stops),
      [],
    )
  }

  /** Gives the code of the error that the call gave, if it gave one. */
  #perform(event: AggregateEvent): string | null {
    try {
      this.#call(event)
      return null
    } catch (error) {
      if (!isCutoverError(error)) throw error
      return error.code
    }
  }

  #call(event: AggregateEvent): void {
    const id = this.#promises + 1
    switch (event.type) {
      case 'start':
        return this.#aggregate.start()
      case 'stop':
        return this.#await(id, this.#aggregate.stop(), 'stopped')
      case 'dispose':
        return this.#await(id, this.#aggregate.dispose(), 'disposed')
      case 'addVersion': {
        const runtime = new ControllableRuntime({ id: ID, version: event.version })
        this.#aggregate.addVersion(event.version, runtime)
        this.#runtimes.push(runtime)
        return
      }
      case 'removeVersion':
        return this.#aggregate.removeVersion(event.version)
      case 'setVersion': {
        const pair = this.#aggregate.setVersion(event.active, event.next)
        return this.#await(
          id,
          pair.then(({ active, next }) => `${active}, ${next}`),
        )
      }
      case 'version.running':
        return this.#runtimeOf(event.version).emitStarted()
      case 'version.lost':
      case 'version.stopped':
        return this.#runtimeOf(event.version).emitStopped()
    }
  }

  /** The same for the oracle. */
  #ask(event: AggregateEvent): string | null {
    const { oracle } = this.#oracle
    switch (event.type) {
      case 'start':
        return oracle.start()
      case 'stop':
      case 'dispose':
        this.#oracle.stop(this.#promises, event.type)
        return null
      case 'addVersion':
        return oracle.add(event.version)
      case 'removeVersion':
        return oracle.remove(event.version)
      case 'setVersion':
        this.#oracle.setVersion(this.#promises, event.active, event.next)
        return null
      case 'version.running':
        return oracle.hear(event.version, 'started')
      case 'version.lost':
      case 'version.stopped':
        return oracle.hear(event.version, 'stopped')
    }
  }

  #await(id: number, promise: Promise<unknown>, outcome?: string): void {
    this.#promises = id
    promise.then(
      value => this.#settled.push(`${id}: ${outcome ?? value}`),
      error => this.#settled.push(`${id}: ${isCutoverError(error) ? error.code : error}`),
    )
  }

  #status() {
    const { state, phase, active, next, wanted, versions } = this.#aggregate.status()
    return { state, phase, active, next, wanted, versions: versions.map(({ version, state }) => `${version} ${state}`) }
  }

  #expectedStatus() {
    const { state, active, next, wanted, versions } = this.#oracle.oracle
    const known = [...versions].map(([version, { state }]) => `${version} ${state}`).sort()
    return { state, phase: this.#oracle.phase, active, next, wanted, versions: state === 'disposed' ? [] : known }
  }

  #runtimeOf(version: string): ControllableRuntime {
    const runtime = this.#runtimes.findLast(runtime => runtime.getActiveVersion() === version)
    if (runtime === undefined) throw new Error(`The model acts on version ${version}, which was never added.`)
    return runtime
  }
}

/** What `status()` must say in a state of the machine. */
function statusIn({ value, context: { active, next, wanted, versions } }: AggregateSnapshot) {
  const [state, phase] = typeof value === 'string' ? [value, null] : (Object.entries(value)[0] as [string, string])
  const known = Object.entries(versions).map(([version, its]) => `${version} ${its}`)
  return {
    state: phase === 'disposing' ? phase : state,
    phase: state === 'running' ? phase : null,
    active,
    next,
    wanted,
    versions: known.sort(),
  }
}

function countsOf({ starts, stops }: { readonly starts: number; readonly stops: number }): string {
  return `${starts}/${stops}`
}

/** `toEqual` is slow, and nearly always needless. */
function agree(what: string, actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual, what).toEqual(expected)
}
