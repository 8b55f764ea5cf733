import type { RuntimeEvent } from 'cutover'
import { type SupervisorEvent, type SupervisorInput, supervisorMachine } from 'cutover/machines'
import { expect } from 'vitest'
import { getNextSnapshot, type SnapshotFrom } from 'xstate'
import type { GuestReports } from '../../src/hosts/supervised/guest.js'
import { SupervisedRuntime } from '../../src/hosts/supervised/supervisedRuntime.js'
import { codeOf, FakeGuest } from '../fixtures/fakeGuest.js'
import { microtasks } from '../fixtures/hosting.js'
import { SteppedClock } from '../fixtures/steppedClock.js'
import { type Driver, runEverything, type Step } from './runEverything.js'
import { TransitionRecorder } from './transitionRecorder.js'
import { pathOf } from './transitions.js'

type Machine = typeof supervisorMachine
type Snapshot = SnapshotFrom<Machine>
/** The machine's events, and the ends of its timers. */
type ModelEvent = SupervisorEvent | { readonly type: `xstate.after.${string}` }

/** All different, so that a delay identifies its timer. */
const INPUT: SupervisorInput = {
  connectTimeout: 1,
  startTimeout: 2,
  watchdogInterval: 3,
  watchdogTimeout: 4,
  abortTimeout: 5,
  minBackoff: 100,
  backoffFactor: 1.5,
  maxBackoff: 140,
  jitter: 0,
  stableAfter: 7,
  giveUpAfter: 8,
  cancelTimeout: 9,
  shutdownTimeout: 10,
  killTimeout: 11,
  exitGrace: 12,
  discardTimeout: 13,
}
/** More failures lead to no new state: the second already has the longest backoff. */
const MAX_FAILURES = 2

const error = new Error('The guest failed.')
const failed = { type: 'guest.failed', error } as const
const failedForGood = { type: 'guest.failed', error, isFinal: true } as const
const disconnected = { type: 'guest.disconnected' } as const
const exited = { type: 'guest.exited', error } as const
const started = { type: 'guest.started' } as const

/** The reports that the guest can make, by state. */
const REPORTS: Readonly<Record<string, readonly SupervisorEvent[]>> = {
  'launching.connecting': [{ type: 'guest.connected' }, failed, failedForGood, disconnected, exited],
  'launching.starting': [started, failed, failedForGood, disconnected, exited],
  'clearing.settling': [exited],
  'clearing.killing': [exited],
  givingUp: [exited],
  'up.idle': [failed, disconnected, exited],
  'up.pinging': [{ type: 'guest.ponged' }, failed, disconnected, exited],
  'up.aborting': [{ type: 'guest.aborted' }, { type: 'guest.abortFailed' }, failed, disconnected, exited],
  'lost.settling': [exited],
  'lost.killing': [exited],
  'restarting.cancelling': [started, exited],
  'restarting.settling': [exited],
  'restarting.terminating': [exited],
  'stopping.cancelling': [started, { type: 'guest.stopRefused' }, exited],
  'stopping.asking': [{ type: 'guest.stopRefused' }, exited],
  'stopping.terminating': [exited],
  'stopping.killing': [exited],
}

/** The possible events: every command, the reports of the guest, and the timers. */
function possible(state: Snapshot): ModelEvent[] {
  const path = pathOf(state)
  if (path === 'stopped') return []
  const commands = (['start', 'stop', 'abort', 'restart'] as const).map(type => ({ type }))
  const timers = state._nodes
    .flatMap(node => [...node.transitions.keys()])
    .filter(type => type.startsWith('xstate.after'))
    .map(type => ({ type }) as ModelEvent)
  const overdue = state.context.failures > 0 && !state.context.isOverdue ? [{ type: 'overdue' } as const] : []
  return [...commands, ...(REPORTS[path] ?? []), ...timers, ...overdue].filter(event => {
    const next = getNextSnapshot(supervisorMachine, state, event as SupervisorEvent)
    return next.context.failures <= MAX_FAILURES
  })
}

/** Applies the events to a supervised runtime with a fake guest. */
class SupervisorDriver implements Driver<Machine> {
  readonly #clock = new SteppedClock()
  readonly #events: string[] = []
  readonly #told: string[] = []
  readonly #runtime: SupervisedRuntime<string, string>
  #guest: GuestReports | undefined
  readonly #expected = new Expected()
  readonly #recorder = new TransitionRecorder()
  #hanging = 'none'

  constructor() {
    const config = { id: 'model', version: '1.0.0' }
    const options = {
      supervisor: INPUT,
      jitter: 0,
      waitTimeout: 1_000,
      callTimeout: Number.POSITIVE_INFINITY,
      streamTimeout: Number.POSITIVE_INFINITY,
      maxWaitingCalls: 0,
      inspect: this.#recorder.inspect,
      clock: this.#clock,
    }
    this.#runtime = new SupervisedRuntime(config, options, reports => {
      this.#guest = reports
      return new FakeGuest(reports, this.#told)
    })
    this.#runtime.watchEvents().subscribe(event => {
      this.#events.push(describeEvent(event))
    })
  }

  async take(step: Step<Machine>) {
    this.#recorder.take()
    this.#perform(step.event, step.from.context.failures)
    await microtasks()
    expect(await this.#look()).toEqual(this.#expected.after(step))
    return this.#recorder.take()
  }

  /** Stops the runtime, without any report of its guest: it must be stopped when its last timer has fired. */
  async end() {
    const stopped = this.#runtime.stop()
    while (this.#clock.pending.length > 0) {
      this.#clock.fire(Math.max(...this.#clock.pending))
      await microtasks()
    }
    await stopped
  }

  #perform(event: ModelEvent, failures: number): void {
    const { type } = event
    if (type === 'start') this.#runtime.start()
    else if (type === 'stop') void this.#runtime.stop()
    else if (type === 'abort') this.#runtime.abort().catch(() => {})
    else if (type === 'restart') this.#runtime.abort({ force: true }).catch(() => {})
    else if (type === 'overdue') this.#clock.fire(INPUT.giveUpAfter)
    else if (type === 'guest.failed') this.#guest?.failed(error, event.isFinal)
    else if (type === 'guest.exited') this.#report(type)(error)
    else if (type === 'guest.abortFailed') this.#guest?.abortFailed(error)
    else if (type === 'guest.started') this.#guest?.started({ version: '1.0.0' })
    else if (type.startsWith('guest.')) this.#report(type)(error)
    else this.#clock.fire(delayOf(type, failures))
  }

  #report(type: string): (error: Error) => void {
    const name = type.slice('guest.'.length) as Exclude<keyof GuestReports, 'started'>
    return this.#guest?.[name] ?? (() => {})
  }

  async #look() {
    const seen = { told: this.#told.splice(0), events: this.#events.splice(0), hanging: this.#hanging }
    const call = await this.#runtime.call('request').catch(codeOf)
    if (call === 'answer to request' && this.#hanging !== 'pending') {
      this.#hanging = 'pending'
      this.#runtime.call('hang').catch(thrown => {
        this.#hanging = codeOf(thrown)
      })
    }
    return { ...seen, call }
  }
}

/** An event, with its reason, or whether it is the last of its kind. */
function describeEvent(event: RuntimeEvent): string {
  if (event.type === 'stopped' && event.reason !== undefined) return `died: ${codeOf(event.reason)}`
  return event.type === 'failedToStart' && event.final === true ? 'failedToStart for good' : event.type
}

function delayOf(type: string, failures: number): number {
  const name = type.split('.')[2]
  if (name === 'backoff') return failures === 1 ? INPUT.minBackoff : INPUT.maxBackoff
  return INPUT[name as keyof SupervisorInput]
}

const LAUNCHING = /^launching/
const WAS_UP = /^(up|lost|restarting\.terminating)/

/** Works out what must be observed, from the states alone. */
class Expected {
  #hanging = 'none'

  after({ from, to }: Step<Machine>) {
    const [before, now] = [pathOf(from), pathOf(to)]
    const isUp = now.startsWith('up')
    if (this.#hanging === 'pending' && !isUp && now !== 'lost.settling') this.#hanging = 'CUTOVER_RUNTIME_LOST'
    const hanging = this.#hanging
    if (isUp) this.#hanging = 'pending'
    return { told: this.#told(before, now), events: this.#events(before, now), hanging, call: callIn(now) }
  }

  #told(before: string, now: string): string[] {
    if (before === now) return []
    if (LAUNCHING.test(now)) return LAUNCHING.test(before) ? [] : ['launch']
    if (now === 'up.pinging') return ['ping']
    if (now === 'up.aborting') return ['abort']
    if (now === 'stopping.cancelling' || (now === 'stopping.asking' && before.startsWith('up'))) return ['askToStop']
    if (now === 'stopping.terminating') return ['terminate']
    return /^(clearing\.killing|givingUp|restarting\.(cancelling|terminating)|lost\.killing|stopping\.killing)$/.test(
      now,
    )
      ? ['kill']
      : []
  }

  #events(before: string, now: string): string[] {
    if (now === 'stopped' && before !== 'stopped') return ['stopped']
    const gaveUp = now === 'gaveUp' && !/^(gaveUp|givingUp)$/.test(before) ? ['failedToStart for good'] : []
    if (now === 'givingUp' && before !== 'givingUp') return ['failedToStart for good']
    if (now.startsWith('up') && !before.startsWith('up')) return ['started']
    const isDown = /^(clearing\.killing|backingOff|gaveUp)$/.test(now)
    if ((LAUNCHING.test(before) || before === 'clearing.settling') && isDown) return ['failedToStart', ...gaveUp]
    if (WAS_UP.test(before) && isDown) return ['died: CUTOVER_RUNTIME_LOST', ...gaveUp]
    if (WAS_UP.test(before) && LAUNCHING.test(now)) return ['stopped']
    return gaveUp
  }
}

function callIn(now: string): string {
  if (now.startsWith('up')) return 'answer to request'
  if (now === 'gaveUp' || now === 'givingUp') return 'CUTOVER_START_FAILED'
  return /^(stopping|stopped)/.test(now) ? 'CUTOVER_RUNTIME_LOST' : 'CUTOVER_TOO_MANY_WAITING_CALLS'
}

runEverything({
  title: 'the supervisor',
  machine: supervisorMachine,
  input: INPUT,
  possible: state => possible(state) as SupervisorEvent[],
  impossible: [],
  bounds: ['Failures in a row are counted up to two: the second already has the longest backoff.'],
  nameOf: state => `${pathOf(state)}, ${state.context.failures} failures${state.context.isOverdue ? ', overdue' : ''}`,
  begin: () => new SupervisorDriver(),
})
