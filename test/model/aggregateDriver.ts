import { Aggregate, type AggregateStatus, isCutoverError } from 'cutover'
import type { AggregateEvent, AggregateSnapshot, Handover } from 'cutover/machines'
import { ControllableRuntime, SimulatedClock } from 'cutover/testing'
import type { InspectionEvent } from 'xstate'
import { microtasks } from '../fixtures/hosting.js'
import { nameOf } from './explore.js'

const ID = 'model'

/** Does to a real aggregate, through its public API and its runtimes, what the events of its machine say. */
export class AggregateDriver {
  readonly events: string[] = []
  readonly #runtimes = new Map<string, ControllableRuntime>()
  readonly #all: ControllableRuntime[] = []
  readonly #promises: { readonly promise: Promise<unknown>; isSettled: boolean }[] = []
  readonly #aggregate: Aggregate

  constructor(handover: Handover, crossed: Set<string>) {
    const inspect = (event: InspectionEvent) => {
      if (event.type !== '@xstate.microstep' || event.actorRef.sessionId !== event.rootId) return
      for (const transition of event._transitions) crossed.add(nameOf(transition))
    }
    this.#aggregate = new Aggregate({ id: ID, handover, clock: new SimulatedClock(), inspect })
    this.#aggregate.watchEvents().subscribe(event => {
      this.events.push('version' in event ? `${event.type} ${event.version}` : event.type)
    })
  }

  /** Returns the code of the error that the call gave, if it gave one. */
  do(event: AggregateEvent): string | null {
    try {
      this.#perform(event)
      return null
    } catch (error) {
      if (!isCutoverError(error)) throw error
      return error.code
    }
  }

  #perform(event: AggregateEvent): void {
    switch (event.type) {
      case 'addVersion': {
        const runtime = new ControllableRuntime({ id: ID, version: event.version })
        this.#all.push(runtime)
        this.#aggregate.addVersion(event.version, runtime)
        this.#runtimes.set(event.version, runtime)
        return
      }
      case 'removeVersion':
        return this.#aggregate.removeVersion(event.version)
      case 'setVersion':
        return this.#expect(this.#aggregate.setVersion(event.active, event.next))
      case 'start':
        return this.#aggregate.start()
      case 'stop':
        return this.#expect(this.#aggregate.stop())
      case 'dispose':
        return this.#expect(this.#aggregate.dispose())
      case 'version.running':
        return this.#runtimeOf(event.version).emitStarted()
      case 'version.lost':
      case 'version.stopped':
        return this.#runtimeOf(event.version).emitStopped()
    }
  }

  status(): AggregateStatus {
    return this.#aggregate.status()
  }

  /** How often each runtime that is there was asked to start and to stop. */
  counts(): Record<string, string> {
    const here = this.#aggregate.versions()
    return Object.fromEntries(here.map(version => [version, countsOf(this.#runtimeOf(version))]))
  }

  /** Whether every promise that the aggregate gave is settled, and how many are not. */
  async pending(): Promise<number> {
    await microtasks()
    return this.#promises.filter(({ isSettled }) => !isSettled).length
  }

  /** Takes everything down; what is left then is a leak. */
  async leftovers(): Promise<string[]> {
    const disposed = this.#aggregate.dispose()
    for (const runtime of [...this.#all, ...this.#all]) runtime.emitStopped()
    await disposed
    const watched = this.#all.filter(({ subscribers }) => subscribers > 0)
    const wrong = this.#all.filter(({ starts, stops }) => starts > 1 || stops > starts)
    return [...watched, ...wrong].map(runtime => runtime.getActiveVersion())
  }

  #expect(promise: Promise<unknown>): void {
    const entry = { promise, isSettled: false }
    const settle = () => {
      entry.isSettled = true
    }
    promise.then(settle, settle)
    this.#promises.push(entry)
  }

  #runtimeOf(version: string): ControllableRuntime {
    const runtime = this.#runtimes.get(version)
    if (runtime === undefined) throw new Error(`The model acts on version ${version}, which was never added.`)
    return runtime
  }
}

/** What `status()` must say in a state of the machine. */
export function expectedStatus({ value, context }: AggregateSnapshot) {
  const [state, phase] = typeof value === 'string' ? [value, null] : (Object.entries(value)[0] as [string, string])
  const versions = Object.entries(context.versions)
  return {
    state: phase === 'disposing' ? 'disposing' : state,
    phase: state === 'running' ? phase : null,
    active: context.active,
    next: context.next,
    wanted: context.wanted,
    versions: Object.fromEntries(versions),
    counts: Object.fromEntries(
      versions.map(([version, its]) => [
        version,
        { provisioned: '0/0', starting: '1/0', running: '1/0', stopping: '1/1' }[its],
      ]),
    ),
  }
}

/** What it says. */
export function actualStatus(driver: AggregateDriver): ReturnType<typeof expectedStatus> {
  const { state, phase, active, next, wanted, versions } = driver.status()
  const states = Object.fromEntries(versions.map(({ version, state }) => [version, state]))
  return { state, phase, active, next, wanted, versions: states, counts: driver.counts() }
}

function countsOf({ starts, stops }: ControllableRuntime): string {
  return `${starts}/${stops}`
}
