import { Aggregate, isCutoverError } from 'cutover'
import { ControllableRuntime, SimulatedClock } from 'cutover/testing'
import { expect } from 'vitest'
import type { InspectionEvent } from 'xstate'
import { formatEvent } from '../../src/testing/formatEvent.js'
import { microtasks } from '../fixtures/hosting.js'
import type { Said } from './oracle.js'
import { keyOf, type Limits, TimedOracle } from './timedOracle.js'

const ID = 'model'

/** A real aggregate and its oracle. Each method does the same to both; the runtimes do nothing by themselves. */
export class CheckedAggregate {
  readonly aggregate: Aggregate<number, string>
  readonly #timed: TimedOracle
  readonly #clock = new SimulatedClock()
  readonly #runtimes: RecordingRuntime[] = []
  readonly #callers: { readonly id: number; readonly controller: AbortController }[] = []
  readonly #events: string[] = []
  readonly #settled: string[] = []
  readonly #sent: string[] = []
  /** The number of the last call or promise. */
  #id = 0

  constructor(limits: Limits, inspect?: (event: InspectionEvent) => void) {
    this.#timed = new TimedOracle(limits)
    this.aggregate = new Aggregate({ id: ID, clock: this.#clock, inspect, ...limits })
    this.aggregate.watchEvents().subscribe(event => {
      const isStandby = event.type === 'stopped' && event.standby === true
      this.#events.push(isStandby ? `${formatEvent(event)} standby` : formatEvent(event))
    })
  }

  get #oracle() {
    return this.#timed.oracle
  }

  /** Gives the error code of both, if any; as do the methods below. */
  add(version: string): string | null {
    const runtime = new RecordingRuntime(version, this.#sent)
    const code = codeOf(() => this.aggregate.addVersion(version, runtime))
    if (code === null) this.#runtimes.push(runtime)
    return expectSame('addVersion', code, this.#oracle.add(version))
  }

  remove(version: string): string | null {
    const code = codeOf(() => this.aggregate.removeVersion(version))
    return expectSame('removeVersion', code, this.#oracle.remove(version))
  }

  start(): string | null {
    const code = codeOf(() => this.aggregate.start())
    return expectSame('start', code, this.#oracle.start())
  }

  setVersion(active: string | null, next: string | null, requireKnown = false, promote = true): void {
    const pair = this.aggregate.setVersion(active, next, { requireKnown, promote })
    this.#await(pair.then(({ active, next }) => `${active}, ${next}`))
    this.#timed.setVersion(this.#id, active, next, requireKnown, promote)
  }

  swap(): string | null {
    const pair = this.aggregate.swap()
    this.#await(pair.then(({ active, next }) => `${active}, ${next}`))
    return this.#timed.swap(this.#id)
  }

  setShare(percent: number): string | null {
    const code = codeOf(() => this.aggregate.setShare(percent))
    return expectSame('setShare', code, this.#oracle.setShare(percent))
  }

  stop(): void {
    this.#await(this.aggregate.stop().then(() => 'stopped'))
    this.#timed.stop(this.#id, 'stop')
  }

  dispose(): void {
    this.#await(this.aggregate.dispose().then(() => 'disposed'))
    this.#timed.stop(this.#id, 'dispose')
  }

  /** @param pin - the only version that may get the call */
  call(isAborted = false, pin: string | null = null): void {
    const controller = new AbortController()
    if (isAborted) controller.abort('aborted')
    const id = this.#id + 1
    const call = this.aggregate.call(id, {
      signal: controller.signal,
      key: keyOf(id),
      ...(pin !== null && { version: pin }),
    })
    this.#await(call)
    this.#callers.push({ id: this.#id, controller })
    this.#timed.call(this.#id, isAborted, pin)
  }

  /** Aborts the n-th last call, modulo their number: waiting, in flight or settled. */
  abort(n: number): void {
    const caller = nthLast(this.#callers, n)
    caller?.controller.abort('aborted')
    if (caller !== undefined) this.#timed.abort(caller.id)
  }

  /** Answers or fails the n-th last call that a runtime holds, modulo their number. */
  answer(n: number, outcome: 'answered' | 'failed'): void {
    const call = nthLast(
      this.#runtimes.flatMap(({ calls }) => calls),
      n,
    )
    if (call === undefined) return
    for (const { calls } of this.#runtimes) if (calls.includes(call)) calls.splice(calls.indexOf(call), 1)
    if (outcome === 'answered') call.answer(outcome)
    else call.fail(outcome)
    this.#timed.answer(call.request, outcome)
  }

  /** The n-th last runtime, modulo their number, emits an event; nobody receives it if the runtime has left. */
  hear(n: number, said: Said): void {
    const runtime = nthLast(this.#runtimes, n)
    if (runtime === undefined) return
    const version = runtime.getActiveVersion()
    const entry = this.#oracle.all[this.#runtimes.indexOf(runtime)]
    const isHere = entry !== undefined && this.#oracle.versions.get(version) === entry
    // A stream that has ended also ends for later subscribers; this one must end while the aggregate watches it.
    if (said === 'ended' && entry?.state === 'provisioned') return
    runtime.say(said)
    if (isHere) this.#timed.hear(version, said)
  }

  /** The runtime of this version emits an event. */
  report(version: string, said: Said): void {
    const isIt = (runtime: RecordingRuntime) => runtime.getActiveVersion() === version
    this.hear(this.#runtimes.toReversed().findIndex(isIt), said)
  }

  /** Lets time pass, from one timer to the next. */
  advance(ms: number): void {
    for (let left = ms; left > 0; ) {
      this.#timed.follow()
      const step = Math.min(left, Math.max(this.#timed.untilDue, 1))
      left -= step
      this.#clock.increment(step)
      this.#timed.advance(step)
    }
  }

  /** Both must agree in everything that can be observed. */
  async expectAgreement(): Promise<void> {
    this.#timed.follow()
    await microtasks()
    expectSame('status', this.status(), this.#expectedStatus())
    expectSame('last failures', this.#failures(), this.#expectedFailures())
    expectSame('starts and stops', this.#runtimes.map(countsOf), this.#oracle.all.map(countsOf))
    expectSame('events', this.#events.splice(0), this.#oracle.events.splice(0))
    expectSame('calls as sent', this.#sent.splice(0), this.#timed.sent.splice(0))
    // No rule says in which order promises settle.
    expectSame('calls and promises', this.#settled.splice(0).sort(), this.#timed.settled.splice(0).sort())
  }

  /** Disposes of the aggregate, in any state, and throws if anything stays behind. */
  async end(): Promise<void> {
    this.dispose()
    this.advance(LONG)
    await this.expectAgreement()
    expectSame('runtimes that are still watched', this.#runtimes.filter(({ subscribers }) => subscribers > 0).length, 0)
    expectSame(
      'runtimes started, and not stopped',
      this.#runtimes.filter(({ starts, stops }) => starts !== stops).length,
      0,
    )
    expectSame('what did not settle', this.#unsettled, 0)
  }

  status() {
    const { state, phase, active, next, wanted, postponed, share, versions, inFlight, waiting } =
      this.aggregate.status()
    const known = versions.map(({ version, state }) => `${version} ${state}`)
    return { state, phase, active, next, wanted, postponed, share, versions: known, inFlight, waiting }
  }

  #expectedStatus(): ReturnType<CheckedAggregate['status']> {
    const { state, active, next, wanted, postponed, share, versions } = this.#oracle
    const known = [...versions].map(([version, { state }]) => `${version} ${state}`).sort()
    const { phase, inFlight, waiting } = this.#timed
    return {
      state,
      phase: phase as ReturnType<CheckedAggregate['status']>['phase'],
      active,
      next,
      wanted,
      postponed,
      share,
      versions: state === 'disposed' ? [] : known,
      inFlight,
      waiting: waiting.size,
    }
  }

  #failures(): string[] {
    return this.aggregate.status().versions.map(({ version, lastError }) => {
      return `${version} ${lastError === null ? null : (KINDS[`${lastError.code}`] ?? lastError.message)}`
    })
  }

  #expectedFailures(): string[] {
    const { state, versions } = this.#oracle
    if (state === 'disposed') return []
    return [...versions].map(([version, { failure }]) => `${version} ${failure}`).sort()
  }

  #unsettled = 0

  #await(promise: Promise<string>): void {
    const id = ++this.#id
    this.#unsettled++
    const settle = (how: 'gives' | 'rejects with') => (outcome: unknown) => {
      this.#unsettled--
      this.#settled.push(`${id} ${how} ${isCutoverError(outcome) ? outcome.code : outcome}`)
    }
    promise.then(settle('gives'), settle('rejects with'))
  }
}

/** The failure that has each code. */
const KINDS: Readonly<Record<string, string>> = {
  CUTOVER_START_FAILED: 'failedToStart',
  CUTOVER_RUNTIME_LOST: 'ended',
  null: 'died',
}

/** Longer than any timeout, in ms. */
const LONG = 1_000_000

/** Records the calls that it gets. */
class RecordingRuntime extends ControllableRuntime<number, string> {
  readonly #sent: string[]

  constructor(version: string, sent: string[]) {
    super({ id: ID, version })
    this.#sent = sent
  }

  override call(request: number): Promise<string> {
    this.#sent.push(`${request} > ${this.getActiveVersion()}`)
    return super.call(request)
  }

  say(said: Said): void {
    if (said === 'started') this.emitStarted()
    else if (said === 'failedToStart') this.emitFailedToStart()
    else if (said === 'gaveUp') this.emitGaveUp()
    else if (said === 'died') this.emitStopped(new Error('It broke.'))
    else if (said === 'updated') this.emitUpdated()
    else if (said === 'stopped') this.emitStopped()
    else this.endEvents()
  }
}

function codeOf(act: () => void): string | null {
  try {
    act()
    return null
  } catch (error) {
    if (!isCutoverError(error)) throw error
    return error.code
  }
}

function countsOf({ starts, stops }: { readonly starts: number; readonly stops: number }): string {
  return `${starts}/${stops}`
}

/** The n-th last item, modulo their number. */
function nthLast<T>(list: readonly T[], n: number): T | undefined {
  return list.at(-1 - (n % list.length))
}

/** Compares as JSON first, because `toEqual` is slow. */
export function expectSame<T>(what: string, actual: T, expected: T): T {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual, what).toEqual(expected)
  return actual
}
