import type { Runtime, RuntimeEvent } from 'cutover'
import { type Provisioner, pool } from 'cutover/hosts'
import { type InstanceState, type PoolEvent, type PoolInput, poolMachine } from 'cutover/machines'
import { ControllableRuntime } from 'cutover/testing'
import { expect } from 'vitest'
import type { SnapshotFrom } from 'xstate'
import { type Direct, ENDPOINT, type Endpoint } from '../../src/calls/index.js'
import { codeOf } from '../fixtures/fakeGuest.js'
import { microtasks } from '../fixtures/hosting.js'
import type { Impossible } from './coverage.js'
import { type Driver, runEverything, type Step } from './runEverything.js'
import { TransitionRecorder } from './transitionRecorder.js'
import { pathOf } from './transitions.js'

type Machine = typeof poolMachine
type Snapshot = SnapshotFrom<Machine>

const error = new Error('The instance failed.')

/** The reports that an instance can make, by its state. */
const REPORTS: Readonly<Record<InstanceState, readonly ('up' | 'down' | 'died' | 'failed' | 'gaveUp' | 'updated')[]>> =
  {
    idle: [],
    starting: ['up', 'failed', 'gaveUp'],
    retrying: ['up', 'failed', 'gaveUp'],
    failed: ['up', 'failed', 'gaveUp'],
    up: ['died', 'updated'],
    restarting: ['down', 'died'],
    gaveUp: [],
    stopped: [],
  }

/** Every command, and the reports of each instance. While the pool stops, each says once that it has stopped. */
function possible(state: Snapshot): PoolEvent[] {
  const path = pathOf(state)
  if (path === 'stopped') return []
  const commands = (['start', 'stop', 'restart'] as const).map(type => ({ type }))
  const { instances } = state.context
  if (path === 'stopping') {
    const late = instances.flatMap((its, instance): PoolEvent[] => {
      if (its === 'stopped') return []
      const down = { type: 'instance.down', instance } as const
      return [down, ...(its === 'starting' ? reportsInTheStop(instance) : [])]
    })
    return [...commands, ...late]
  }
  const reports = instances.flatMap((its, instance) => REPORTS[its].map(report => eventOf(report, instance)))
  const alone = reports
    .filter(({ type }) => type === 'instance.up')
    .map(event => ({ ...event, alone: true }) as PoolEvent)
  return [...commands, ...reports, ...(path.startsWith('running') ? alone : [])]
}

/** The reports of an instance that has been told to stop, but fails or comes up all the same. */
function reportsInTheStop(instance: number): PoolEvent[] {
  return [
    { type: 'instance.up', instance, alone: true },
    { type: 'instance.failed', instance, error },
    { type: 'instance.gaveUp', instance, error },
  ]
}

function eventOf(report: (typeof REPORTS)[InstanceState][number], instance: number): PoolEvent {
  switch (report) {
    case 'up':
      return { type: 'instance.up', instance, alone: false }
    case 'down':
      return { type: 'instance.down', instance, reason: undefined }
    case 'died':
      return { type: 'instance.down', instance, reason: error }
    case 'updated':
      return { type: 'instance.updated', instance }
    default:
      return { type: `instance.${report}`, instance, error }
  }
}

/** A runtime with an endpoint, as those of this library: it may close before it says that it has stopped. */
class ClosableRuntime extends ControllableRuntime<string, string> implements Direct<string, string> {
  isClosed = false
  #isUp = false

  constructor() {
    super({ id: 'model', version: '1.0.0' })
    this.watchEvents().subscribe(({ type }) => {
      if (type !== 'updated') this.#isUp = type === 'started'
    })
  }

  override async call(request: string): Promise<string> {
    return request
  }

  [ENDPOINT](): Endpoint<string, string> {
    const callee = () => (this.#isUp && !this.isClosed ? this : null)
    return {
      get callee() {
        return callee()
      },
    }
  }
}

/** Applies the events to a pool whose instances are controlled by hand. */
class PoolDriver implements Driver<Machine> {
  readonly #recorder = new TransitionRecorder()
  readonly #instances: ClosableRuntime[] = []
  readonly #events: string[] = []
  readonly #runtime: Runtime<string, string>

  constructor(input: PoolInput) {
    const provisioner: Provisioner = {
      name: 'by hand',
      provision: () => {
        const instance = new ClosableRuntime()
        this.#instances.push(instance)
        return instance as unknown as Runtime<never, never>
      },
    }
    const provisioned = pool(provisioner, { ...input, maxWaitingCalls: 0, inspect: this.#recorder.inspect })
    this.#runtime = provisioned.provision({ id: 'model', version: '1.0.0' })
    this.#runtime.watchEvents().subscribe(event => this.#events.push(describeEvent(event)))
  }

  async take(step: Step<Machine>) {
    this.#recorder.take()
    this.#perform(step.event)
    await microtasks()
    const seen = { events: this.#events.splice(0), call: await this.#runtime.call('answer').catch(codeOf) }
    expect(seen).toEqual(expectedAfter(step))
    step.to.context.instances.forEach((its, i) => {
      // A stopped one may have been started, or not.
      if (its !== 'stopped') expect(this.#instances[i]?.starts).toBe(its === 'idle' ? 0 : 1)
    })
    return this.#recorder.take()
  }

  async end() {
    const stopped = this.#runtime.stop()
    for (const instance of this.#instances) instance.emitStopped()
    await stopped
    expect(this.#instances.map(({ subscribers }) => subscribers)).toEqual(this.#instances.map(() => 1))
  }

  #perform(event: PoolEvent): void {
    if (event.type === 'start') this.#runtime.start()
    else if (event.type === 'stop') void this.#runtime.stop()
    else if (event.type === 'restart') void this.#runtime.abort({ force: true })
    else this.#report(this.#instances[event.instance] as ClosableRuntime, event)
  }

  #report(instance: ClosableRuntime, event: PoolEvent): void {
    if (event.type === 'instance.up') {
      for (const other of this.#instances) other.isClosed = event.alone && other !== instance
      instance.emitStarted()
      for (const other of this.#instances) other.isClosed = false
    } else if (event.type === 'instance.down') instance.emitStopped(event.reason)
    else if (event.type === 'instance.failed') instance.emitFailedToStart(error)
    else if (event.type === 'instance.gaveUp') instance.emitGaveUp(error)
    else instance.emitUpdated()
  }
}

function describeEvent(event: RuntimeEvent): string {
  if (event.type === 'stopped' && event.reason !== undefined) return 'died'
  return event.type === 'failedToStart' && event.final === true ? 'failedToStart for good' : event.type
}

/** Works out what must be observed, from the states before and after, without the functions of the machine. */
function expectedAfter({ event, from, to }: Step<Machine>) {
  return { events: expectedEvents(event, from, to), call: callIn(pathOf(to)) }
}

function expectedEvents(event: PoolEvent, from: Snapshot, to: Snapshot): string[] {
  const [before, now] = [pathOf(from), pathOf(to)]
  if (now === 'stopped') return before === 'stopped' ? [] : ['stopped']
  const [wasRunning, isRunning] = [before.startsWith('running'), now.startsWith('running')]
  if (event.type === 'instance.updated') return wasRunning && isSpeaker(from, event.instance) ? ['updated'] : []
  if (wasRunning && isRunning && event.type === 'instance.up' && event.alone) return ['stopped', 'started']
  if (wasRunning && (now === 'starting' || now === 'gaveUp')) return ['died']
  if (before === 'restarting' && now === 'starting') return ['stopped']
  if (before === 'restarting' && isRunning) return ['stopped', 'started']
  if (before === 'restarting' && now === 'gaveUp') return ['stopped', 'failedToStart for good']
  if (!wasRunning && isRunning) return ['started']
  if (now === 'gaveUp' && before !== 'gaveUp') return ['failedToStart for good']
  return event.type === 'instance.failed' && before === 'starting' && isOfARound(from, event.instance)
    ? ['failedToStart']
    : []
}

function isSpeaker({ context }: Snapshot, instance: number): boolean {
  return context.instances.slice(0, instance).every(its => its !== 'up')
}

/** With two instances: the one that fails makes the pool fail now, and it is the first in its round to do so. */
function isOfARound({ context }: Snapshot, instance: number): boolean {
  const { instances, required } = context
  const other = instances[1 - instance]
  const failsAgain = instances[instance] === 'failed'
  if (required === 1 || other === 'gaveUp') {
    // One is enough: the other must be out of the game, and in a new round it is not.
    if (other === 'gaveUp') return true
    return other === 'failed' && !failsAgain
  }
  return failsAgain || other !== 'failed'
}

function callIn(now: string): string {
  if (now.startsWith('running')) return 'answer'
  if (now === 'gaveUp') return 'CUTOVER_START_FAILED'
  return /^stop/.test(now) ? 'CUTOVER_RUNTIME_LOST' : 'CUTOVER_TOO_MANY_WAITING_CALLS'
}

const SETTINGS: readonly { title: string; input: PoolInput; impossible: readonly Impossible[] }[] = [
  {
    title: 'a pool of two that must both be up',
    input: { size: 2, ready: 2, concurrentStarts: 2 },
    impossible: [
      { what: /running: always \[canStart\](?! false)/, why: 'All have been started by the time that both are up.' },
    ],
  },
  {
    title: 'a pool of two that start one by one, and one is enough',
    input: { size: 2, ready: 1, concurrentStarts: 1 },
    impossible: [],
  },
]

for (const { title, input, impossible } of SETTINGS) {
  runEverything({
    title,
    machine: poolMachine,
    input,
    possible,
    impossible,
    nameOf: state => `${pathOf(state)}: ${state.context.instances.join(', ')}`,
    begin: () => new PoolDriver(input),
  })
}
