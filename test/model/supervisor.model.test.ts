import { isCutoverError, type Runtime } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { type SupervisorEvent, supervisorMachine } from 'cutover/machines'
import { SimulatedClock } from 'cutover/testing'
import { expect } from 'vitest'
import type { SnapshotFrom } from 'xstate'
import { microtasks } from '../fixtures/hosting.js'
import { explore, nameOf, type Step } from './explore.js'
import { runEverything } from './runEverything.js'

type Machine = typeof supervisorMachine
type Snapshot = SnapshotFrom<Machine>
/** With the timers that the machine sets. */
type ModelEvent = SupervisorEvent | { readonly type: `xstate.after.${string}` }

const INPUT = { minBackoff: 100, maxBackoff: 150, stableAfter: 60_000, abortTimeout: 1_000, stopTimeout: 30_000 }
/** More failures in a row lead nowhere new: the longest backoff is reached with the second. */
const MAX_FAILURES = 2

/** What the guest can say, by state. */
const REPORTS: Readonly<Record<string, readonly ModelEvent[]>> = {
  launching: [{ type: 'guest.launched' }, { type: 'guest.failed' }],
  'up.aborting': [{ type: 'guest.aborted' }, { type: 'guest.abortFailed' }],
  'restarting.cancelling': [{ type: 'guest.launched' }, { type: 'guest.failed' }],
  'restarting.settling': [{ type: 'guest.stopped' }],
  'restarting.terminating': [{ type: 'guest.stopped' }],
  'stopping.cancelling': [{ type: 'guest.launched' }, { type: 'guest.failed' }],
  'stopping.terminating': [{ type: 'guest.stopped' }],
}

function pathOf({ value }: Snapshot): string {
  return typeof value === 'string' ? value : Object.entries(value).flat().join('.')
}

/** Whatever it is asked to do, what its guest can say, and its timers. */
function possible(state: Snapshot): ModelEvent[] {
  const path = pathOf(state)
  if (path === 'stopped') return []
  const reports = (REPORTS[path] ?? []).filter(
    ({ type }) => type !== 'guest.failed' || state.context.failures < MAX_FAILURES,
  )
  const nodes = state._nodes.flatMap(node => [...node.transitions.keys()])
  // While it aborts, the shorter time limit always comes first.
  const timers = nodes.filter(
    type => type.startsWith('xstate.after') && !(path === 'up.aborting' && type.includes('stableAfter')),
  )
  const commands = (['start', 'stop', 'abort', 'restart'] as const).map(type => ({ type }))
  return [...commands, ...reports, ...timers.map(type => ({ type }) as ModelEvent)]
}

/** A promise of the guest that the model settles. */
class Pending {
  settle: (() => void) | undefined
  fail: (() => void) | undefined

  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.settle = resolve
      this.fail = () => reject(new Error('no'))
    })
  }
}

/** Does to a real in-process host what the events of its supervisor say. */
class SupervisorDriver {
  readonly #clock = new SimulatedClock()
  readonly #events: string[] = []
  readonly #asked = { starts: 0, aborts: 0, stops: 0 }
  readonly #launch = new Pending()
  readonly #abort = new Pending()
  readonly #stop = new Pending()
  readonly #runtime: Runtime

  constructor() {
    const module = () => ({
      start: () => this.#count('starts', this.#launch),
      call: () => 'answer',
      abort: () => this.#count('aborts', this.#abort),
      stop: () => this.#count('stops', this.#stop),
    })
    const provisioner = inProcess({ module, clock: this.#clock, maxWaitingCalls: 0, ...INPUT })
    this.#runtime = provisioner.provision({ id: 'model', version: '1.0.0' })
    this.#runtime.watchEvents().subscribe(({ type }) => this.#events.push(type))
  }

  async do({ type }: ModelEvent, failures: number): Promise<void> {
    this.#perform(type, failures)
    await microtasks()
  }

  #perform(type: ModelEvent['type'], failures: number): void {
    if (type === 'start') this.#runtime.start()
    else if (type === 'stop') void this.#runtime.stop()
    else if (type === 'abort') void this.#runtime.abort()
    else if (type === 'restart') void this.#runtime.abort({ force: true })
    else if (type === 'guest.launched') this.#launch.settle?.()
    else if (type === 'guest.failed') this.#launch.fail?.()
    else if (type === 'guest.aborted') this.#abort.settle?.()
    else if (type === 'guest.abortFailed') this.#abort.fail?.()
    else if (type === 'guest.stopped') this.#stop.settle?.()
    else this.#clock.increment(delayOf(type, failures))
  }

  async look() {
    return { ...this.#asked, events: this.#events.splice(0), call: await this.#tryCall() }
  }

  async #tryCall(): Promise<string> {
    try {
      return String(await this.#runtime.call('request'))
    } catch (error) {
      return isCutoverError(error) ? error.code : String(error)
    }
  }

  #count(what: 'starts' | 'aborts' | 'stops', pending: Pending): Promise<void> {
    this.#asked[what]++
    return pending.wait()
  }
}

function delayOf(type: string, failures: number): number {
  const name = type.split('.')[2]
  if (name === 'backoff') return failures === 1 ? INPUT.minBackoff : INPUT.maxBackoff
  return INPUT[name as keyof typeof INPUT]
}

/** What must be seen, worked out from the states alone. */
class Expected {
  #starts = 0
  #aborts = 0
  #stops = 0

  after({ from, event, to }: Step<Machine>) {
    const [before, now] = [pathOf(from), pathOf(to)]
    const entered = (path: string) => now === path && before !== path
    if (entered('launching')) this.#starts++
    if (entered('up.aborting')) this.#aborts++
    const isAskedToStop = entered('restarting.settling') || /terminating$/.test(now)
    if (isAskedToStop && !/(terminating|settling)$/.test(before)) this.#stops++
    const events = [
      ...(now.startsWith('up') && !before.startsWith('up') ? ['started'] : []),
      ...(event.type === 'guest.failed' && now === 'backingOff' ? ['failedToStart'] : []),
      ...(entered('stopped') || (before === 'restarting.terminating' && now === 'launching') ? ['stopped'] : []),
    ]
    const isOver = /^(stopping|stopped)/.test(now)
    const answer = isOver ? 'CUTOVER_RUNTIME_LOST' : 'CUTOVER_TOO_MANY_WAITING_CALLS'
    const call = now.startsWith('up') ? 'answer' : answer
    return { starts: this.#starts, aborts: this.#aborts, stops: this.#stops, events, call }
  }
}

runEverything({
  title: 'the supervisor of the in-process host',
  machine: supervisorMachine,
  places: explore(supervisorMachine, INPUT, state => possible(state) as SupervisorEvent[]),
  nameOf: state => `${pathOf(state)}, ${state.context.failures} failures`,
  walk: async (steps, crossed) => {
    const driver = new SupervisorDriver()
    const expected = new Expected()
    for (const step of steps) {
      await driver.do(step.event, step.from.context.failures)
      expect(await driver.look(), `${step.event.type} in ${pathOf(step.from)}`).toEqual(expected.after(step))
      for (const transition of supervisorMachine.getTransitionData(step.from as never, step.event)) {
        crossed.add(nameOf(transition))
      }
    }
  },
})
