import { Aggregate, isCutoverError } from 'cutover'
import { ControllableRuntime, SimulatedClock } from 'cutover/testing'
import { expect } from 'vitest'
import type { InspectionEvent } from 'xstate'
import { textOf } from '../../src/testing/eventText.js'
import { microtasks } from '../fixtures/hosting.js'
import type { Said } from './oracle.js'
import { type Limits, TimedOracle } from './timedOracle.js'

const ID = 'model'

/** A real aggregate with runtimes that do nothing by themselves, and its oracle: what is done to one is done to both. */
export class Twin {
  readonly aggregate: Aggregate<number, string>
  readonly #timed: TimedOracle
  readonly #clock = new SimulatedClock()
  readonly #runtimes: NotingRuntime[] = []
  readonly #callers: { readonly id: number; readonly controller: AbortController }[] = []
  readonly #events: string[] = []
  readonly #settled: string[] = []
  readonly #sent: string[] = []
  /** Calls and promises are numbered as they come. */
  #id = 0

  constructor(limits: Limits, inspect?: (event: InspectionEvent) => void) {
    this.#timed = new TimedOracle(limits)
    this.aggregate = new Aggregate({ id: ID, clock: this.#clock, inspect, ...limits })
    this.aggregate.watchEvents().subscribe(event => {
      this.#events.push(textOf(event))
    })
  }

  get #oracle() {
    return this.#timed.oracle
  }

  /** Gives the error code that both gave, if they gave one; so do those that follow. */
  add(version: string): string | null {
    const runtime = new NotingRuntime(version, this.#sent)
    const code = codeOf(() => this.aggregate.addVersion(version, runtime))
    if (code === null) this.#runtimes.push(runtime)
    return same('addVersion', code, this.#oracle.add(version))
  }

  remove(version: string): string | null {
    const code = codeOf(() => this.aggregate.removeVersion(version))
    return same('removeVersion', code, this.#oracle.remove(version))
  }

  start(): string | null {
    const code = codeOf(() => this.aggregate.start())
    return same('start', code, this.#oracle.start())
  }

  setVersion(active: string | null, next: string | null): void {
    const pair = this.aggregate.setVersion(active, next)
    this.#await(pair.then(({ active, next }) => `${active}, ${next}`))
    this.#timed.setVersion(this.#id, active, next)
  }

  stop(): void {
    this.#await(this.aggregate.stop().then(() => 'stopped'))
    this.#timed.stop(this.#id, 'stop')
  }

  dispose(): void {
    this.#await(this.aggregate.dispose().then(() => 'disposed'))
    this.#timed.stop(this.#id, 'dispose')
  }

  call(isAborted = false): void {
    const controller = new AbortController()
    if (isAborted) controller.abort('aborted')
    const call = this.aggregate.call(this.#id + 1, { signal: controller.signal })
    this.#await(call)
    this.#callers.push({ id: this.#id, controller })
    this.#timed.call(this.#id, isAborted)
  }

  /** The n-th caller, counted back and round, aborts; whether it waits, is in flight or over. */
  abort(n: number): void {
    const caller = around(this.#callers, n)
    caller?.controller.abort('aborted')
    if (caller !== undefined) this.#timed.abort(caller.id)
  }

  /** The n-th call that a runtime holds, counted back and round, is answered or fails. */
  answer(n: number, outcome: 'answered' | 'failed'): void {
    const call = around(
      this.#runtimes.flatMap(({ calls }) => calls),
      n,
    )
    if (call === undefined) return
    for (const { calls } of this.#runtimes) if (calls.includes(call)) calls.splice(calls.indexOf(call), 1)
    if (outcome === 'answered') call.answer(outcome)
    else call.fail(outcome)
    this.#timed.answer(call.request, outcome)
  }

  /** The n-th runtime ever added, counted back and round, says something; also one that has left, which nobody hears. */
  hear(n: number, said: Said): void {
    const runtime = around(this.#runtimes, n)
    if (runtime === undefined) return
    const version = runtime.getActiveVersion()
    const entry = this.#oracle.all[this.#runtimes.indexOf(runtime)]
    const isHere = entry !== undefined && this.#oracle.versions.get(version) === entry
    // That a stream is over, it says to those who subscribe later too: here it ends while it is watched.
    if (said === 'ended' && entry?.state === 'provisioned') return
    runtime.say(said)
    if (isHere) this.#timed.hear(version, said)
  }

  /** The version of a runtime that is here says something. */
  report(version: string, said: Said): void {
    const isIt = (runtime: NotingRuntime) => runtime.getActiveVersion() === version
    this.hear(this.#runtimes.toReversed().findIndex(isIt), said)
  }

  /** Time passes, from one thing that is due to the next. */
  advance(ms: number): void {
    for (let left = ms; left > 0; ) {
      this.#timed.follow()
      const step = Math.min(left, Math.max(this.#timed.untilDue, 1))
      left -= step
      this.#clock.increment(step)
      this.#timed.advance(step)
    }
  }

  /** Both must have come to the same, in everything that can be seen. */
  async agree(): Promise<void> {
    this.#timed.follow()
    await microtasks()
    same('status', this.status(), this.#expectedStatus())
    same('starts and stops', this.#runtimes.map(countsOf), this.#oracle.all.map(countsOf))
    same('events', this.#events.splice(0), this.#oracle.events.splice(0))
    same('calls as sent', this.#sent.splice(0), this.#timed.sent.splice(0))
    // Which of several promises is settled first is not said by any rule.
    same('calls and promises', this.#settled.splice(0).sort(), this.#timed.settled.splice(0).sort())
  }

  /** Takes it down in whatever state it is, and throws if anything is left. */
  async end(): Promise<void> {
    this.dispose()
    this.advance(LONG)
    await this.agree()
    same('runtimes that are still watched', this.#runtimes.filter(({ subscribers }) => subscribers > 0).length, 0)
    same('runtimes started, and not stopped', this.#runtimes.filter(({ starts, stops }) => starts !== stops).length, 0)
    same('what did not settle', this.#unsettled, 0)
  }

  status() {
    const { state, phase, active, next, wanted, versions, inFlight, waiting } = this.aggregate.status()
    const known = versions.map(({ version, state }) => `${version} ${state}`)
    return { state, phase, active, next, wanted, versions: known, inFlight, waiting }
  }

  #expectedStatus(): ReturnType<Twin['status']> {
    const { state, active, next, wanted, versions } = this.#oracle
    const known = [...versions].map(([version, { state }]) => `${version} ${state}`).sort()
    const { phase, inFlight, waiting } = this.#timed
    return {
      state,
      phase: phase as ReturnType<Twin['status']>['phase'],
      active,
      next,
      wanted,
      versions: state === 'disposed' ? [] : known,
      inFlight,
      waiting: waiting.size,
    }
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

/** Longer than everything that one can wait for. */
const LONG = 1_000_000

/** Notes which call it got. */
class NotingRuntime extends ControllableRuntime<number, string> {
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

/** Counted back from the last. */
function around<T>(list: readonly T[], n: number): T | undefined {
  return list.at(-1 - (n % list.length))
}

/** `toEqual` is slow, and nearly always needless. */
export function same<T>(what: string, actual: T, expected: T): T {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual, what).toEqual(expected)
  return actual
}
