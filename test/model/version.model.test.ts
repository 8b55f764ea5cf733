import { Aggregate } from 'cutover'
import { type ErrorFacts, type VersionEvent, versionMachine } from 'cutover/machines'
import { ControllableRuntime, SimulatedClock } from 'cutover/testing'
import { expect } from 'vitest'
import type { SnapshotFrom } from 'xstate'
import type { Callee } from '../../src/calls/callee.js'
import type { CallsInFlight } from '../../src/calls/callsInFlight.js'
import { type Direct, ENDPOINT, type Endpoint } from '../../src/calls/endpoint.js'
import { microtasks } from '../fixtures/hosting.js'
import type { Impossible } from './coverage.js'
import { type Driver, runEverything, type Step } from './runEverything.js'
import { TransitionRecorder } from './transitionRecorder.js'

type Machine = typeof versionMachine
type Snapshot = SnapshotFrom<Machine>
/** The machine's events, and the ends of its timers. */
type ModelEvent = VersionEvent | { readonly type: `xstate.after.${string}` }

const VERSION = '1.0.0'
const DRAIN_TIMEOUT = 5_000
const STOP_TIMEOUT = 30_000
const ERROR = new Error('no')
const FACTS: ErrorFacts = { name: 'Error', message: 'no', code: null }
const DEATH: ErrorFacts = { name: 'Error', message: 'died', code: null }
const ENDED: ErrorFacts = {
  name: 'CutoverError',
  message:
    'The events of the host of version 1.0.0 ended. The version counts as stopped. ' +
    'Switch away from it, then add it again with a new runtime.',
  code: 'CUTOVER_RUNTIME_LOST',
}
const CAPABILITY = { hardware: 'intel-sgx', rak: Uint8Array.of(1, 2) }

const HOST_EVENTS: readonly ModelEvent[] = [
  { type: 'host.started', capability: null },
  { type: 'host.failedToStart', error: FACTS, isFinal: false },
  { type: 'host.failedToStart', error: FACTS, isFinal: true },
  { type: 'host.updated', capability: { hardware: 'intel-sgx', rak: '0102', attestation: null } },
  { type: 'host.stopped', error: null },
  { type: 'host.stopped', error: DEATH },
  { type: 'host.ended', error: ENDED },
  { type: 'host.refused' },
]

/**
 * The possible events: the reports of the host until its stream ends, the commands, and the timers. The aggregate learns
 * of the end of a host's stream only after the start.
 */
function possible(state: Snapshot): ModelEvent[] {
  if (state.matches('stopped')) return []
  const timers = Object.keys(state.machine.getStateNodeById(nodeId(state)).on).filter(type =>
    type.startsWith('xstate.after'),
  )
  return [
    { type: 'start' },
    ...(state.matches('stopping') ? [] : [{ type: 'stop' } as const]),
    ...(state.matches({ stopping: 'draining' }) ? [{ type: 'drained' } as const] : []),
    ...(state.context.host === 'ended' ? [] : HOST_EVENTS.filter(({ type }) => isPossible(type, state))),
    ...timers.map(type => ({ type }) as ModelEvent),
  ]
}

/** A call can be refused only where it is sent to: by a version that runs. */
function isPossible(type: ModelEvent['type'], state: Snapshot): boolean {
  if (type === 'host.refused') return state.matches('running')
  return type !== 'host.ended' || wasStarted(state)
}

function nodeId({ value }: Snapshot): string {
  return ['version', ...(typeof value === 'string' ? [value] : Object.entries(value).flat())].join('.')
}

/** Runs one version in a real aggregate, through the public API and the version's runtime. */
class VersionDriver implements Driver<Machine> {
  readonly events: string[] = []
  readonly #clock = new SimulatedClock()
  readonly #runtime = new DirectRuntime()
  readonly #aggregate: Aggregate
  readonly #expected = new Expected()
  readonly #recorder = new TransitionRecorder('child')
  #call: Promise<unknown> | undefined

  constructor(drainTimeout: number) {
    const { inspect } = this.#recorder
    const options = { id: 'model', clock: this.#clock, inspect, drainTimeout, stopTimeout: STOP_TIMEOUT }
    this.#aggregate = new Aggregate(options)
    this.#aggregate.watchEvents().subscribe(({ type }) => this.events.push(type))
    this.#aggregate.addVersion(VERSION, this.#runtime)
    this.#aggregate.start()
  }

  async take(step: Step<Machine>) {
    this.#recorder.take()
    this.#perform(step.event)
    await microtasks()
    expect(this.#look()).toEqual(this.#expected.after(step))
    return this.#recorder.take()
  }

  #perform(event: ModelEvent): void {
    switch (event.type) {
      case 'start':
        void this.#aggregate.setVersion(VERSION)
        // The call gives the version something to drain, even if it never runs.
        this.#call ??= this.#runtime.hold().catch(error => error.code)
        return
      case 'stop':
        // A version that was never started stops when it is removed.
        if (this.#runtime.starts === 0) this.#aggregate.removeVersion(VERSION)
        else void this.#aggregate.setVersion(null)
        return
      case 'drained':
        this.#runtime.answerAll()
        return this.#runtime.release()
      case 'host.started':
        return this.#runtime.emitStarted()
      case 'host.failedToStart':
        return this.#runtime.emit({
          type: 'failedToStart',
          version: VERSION,
          error: ERROR,
          ...(event.isFinal ? { final: true } : {}),
        })
      case 'host.updated':
        return this.#runtime.emitUpdated(CAPABILITY)
      case 'host.stopped':
        return this.#runtime.emitStopped(event.error === null ? undefined : new Error(event.error.message))
      case 'host.ended':
        return this.#runtime.endEvents()
      case 'host.refused':
        this.#runtime.endpoint.callee = null
        this.#aggregate.call('b').catch(() => {})
        this.#runtime.endpoint.callee = this.#runtime
        return
      default:
        this.#clock.increment(event.type.includes('drainTimeout') ? DRAIN_TIMEOUT : STOP_TIMEOUT)
    }
  }

  #look() {
    const [status] = this.#aggregate.status().versions
    const { starts, stops } = this.#runtime
    const events = this.events.splice(0)
    return {
      state: status?.state ?? 'stopped',
      phase: status?.phase ?? null,
      lastError: status?.lastError ?? null,
      starts,
      stops,
      events,
    }
  }

  async end(): Promise<void> {
    const disposed = this.#aggregate.dispose()
    this.#clock.increment(DRAIN_TIMEOUT)
    this.#clock.increment(STOP_TIMEOUT)
    await disposed
    expect(['held', 'CUTOVER_VERSION_STOPPED', undefined]).toContain(await this.#call)
    expect(this.#runtime.subscribers).toBe(0)
  }
}

/** A runtime whose endpoint the test closes. */
class DirectRuntime extends ControllableRuntime implements Direct<unknown, unknown> {
  readonly endpoint: { callee: Callee<unknown, unknown> | null } = { callee: this }
  #inFlight: CallsInFlight<unknown> | undefined
  /** Answers the call that is kept in flight. */
  release: () => void = () => {}

  constructor() {
    super({ id: 'model', version: VERSION })
  }

  [ENDPOINT](calls: CallsInFlight<unknown>): Endpoint<unknown, unknown> {
    this.#inFlight = calls
    return this.endpoint
  }

  /** Puts one more call in flight, whether the runtime is running or not. */
  async hold(): Promise<unknown> {
    const held = new Promise(resolve => {
      this.release = () => resolve('held')
    })
    return this.#inFlight?.track({ call: () => held }, undefined, undefined)
  }
}

/** Works out what must be observed after each step; the events from rules 11, 12 and 20. */
class Expected {
  /** The last `started` or `stopped`: the end of a stream after `stopped` does not emit it again. */
  #lastEmitted = ''

  after({ from, event, to }: Step<Machine>) {
    const path = nodeId(to).split('.').slice(1)
    const ran = wasStarted(to) || (to.matches('stopped') && wasStarted(from))
    const asked = to.matches({ stopping: 'terminating' }) || (to.matches('stopped') && ran)
    return {
      state: path[0] === 'gaveUp' ? 'starting' : path[0],
      phase: path[0] === 'gaveUp' ? 'gaveUp' : (path[1] ?? null),
      lastError: to.matches('stopped') ? null : to.context.lastError,
      starts: ran ? 1 : 0,
      stops: asked ? 1 : 0,
      events: this.#events(from, event),
    }
  }

  #events(from: Snapshot, event: ModelEvent): string[] {
    if (!wasStarted(from)) return []
    if (event.type.includes('stopTimeout')) return ['stopped']
    if (!event.type.startsWith('host.') || event.type === 'host.refused') return []
    const emitted = event.type === 'host.ended' ? 'stopped' : event.type.slice('host.'.length)
    const isAgain = event.type === 'host.ended' && this.#lastEmitted === 'stopped'
    if (emitted === 'started' || emitted === 'stopped') this.#lastEmitted = emitted
    return isAgain ? [] : [emitted]
  }
}

function wasStarted(state: Snapshot): boolean {
  return !state.matches('provisioned') && !state.matches('stopped')
}

const IMPOSSIBLE: Readonly<Record<number, readonly Impossible[]>> = {
  [DRAIN_TIMEOUT]: [{ what: /noTimeToDrain\](?! false)/, why: 'There is time to drain.' }],
  0: [{ what: /draining: (?!always)|noTimeToDrain\] false/, why: 'The machine leaves the state at once.' }],
}

for (const drainTimeout of [DRAIN_TIMEOUT, 0]) {
  runEverything({
    title: `a version, drainTimeout ${drainTimeout}`,
    machine: versionMachine,
    input: { version: VERSION, drainTimeout, stopTimeout: STOP_TIMEOUT },
    possible: state => possible(state) as VersionEvent[],
    impossible: IMPOSSIBLE[drainTimeout] ?? [],
    nameOf: nameOfState,
    begin: () => new VersionDriver(drainTimeout),
  })
}

function nameOfState(state: Snapshot): string {
  const { host, capability, lastError } = state.context
  const facts = [
    host === 'expected' ? '' : `host ${host}`,
    capability === null ? '' : 'capable',
    lastError === null ? '' : `failed: ${lastError.message}`,
  ]
  return [nodeId(state), ...facts.filter(fact => fact !== '')].join(', ')
}
