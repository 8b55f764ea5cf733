import type { ReceivedStatus } from './receivedMessage.js'
import { Rollouts } from './rollouts.js'
import { Shares } from './shares.js'
import { versionOf } from './text.js'
import { asRecord } from './unknownRecord.js'

/** The phase of a version. It sets the colour of the bar. */
export type Phase = 'provisioned' | 'starting' | 'running' | 'draining' | 'terminating' | 'stopped'

/** A part of a bar. The last one has no end while it lasts. */
export interface Span {
  readonly phase: Phase
  readonly from: number
  to?: number
}

/** The row of one version in the timeline, or of one instance of a pool. */
export interface Lane {
  /** The session id of the version. Of an instance, that of its pool with its number: `x:7 #0`. */
  readonly sessionId: string
  /** The version. Of an instance, its number: `#0`. */
  readonly version: string
  readonly parentId: string | undefined
  readonly isInstance: boolean
  readonly spans: Span[]
  /** How many calls were in flight from each time on. */
  readonly calls: { readonly time: number; readonly count: number }[]
}

/** A move of the active version. */
export interface Switch {
  readonly time: number
  readonly sessionId: string
  readonly from: string
  readonly to: string
  /** Whether active and next have changed places. */
  readonly isSwap: boolean
}

/** The versions of an aggregate in its last snapshot. */
interface Pair {
  /** The last one, while no version is active. */
  readonly active: string
  readonly next: unknown
}

/** The fields of an actor that the timeline needs. */
export interface TimelineActor {
  readonly sessionId: string
  readonly name: string
  readonly parentId: string | undefined
}

const MAX_LANES = 300
const MAX_SPANS = 400
const MAX_CALLS = 2_000
const MAX_SWITCHES = 1_000
/** Further instances of a pool have no lanes. */
const MAX_INSTANCES = 64
const FLAT_PHASES: readonly string[] = ['provisioned', 'starting', 'running', 'stopped']

/** The history of every version, built message by message in bounded memory. */
export class Timeline {
  readonly lanes = new Map<string, Lane>()
  readonly switches: Switch[] = []
  readonly shares = new Shares()
  readonly rollouts = new Rollouts()
  /** The versions of each aggregate, by the session id of the aggregate. */
  readonly #pairs = new Map<string, Pair>()
  /** The times of the first and the last message; NaN without any. */
  first = Number.NaN
  last = Number.NaN

  /** Extends the timeline to this time. */
  extendTo(time: number): void {
    if (Number.isNaN(time)) return
    if (!(this.first <= time)) this.first = time
    if (!(this.last >= time)) this.last = time
  }

  /** Starts an actor's lane again. Stately's inspector may announce an actor with a later snapshot than its first. */
  restart(sessionId: string): void {
    for (const lane of this.lanes.values()) {
      if (lane.sessionId === sessionId || (lane.isInstance && lane.parentId === sessionId)) lane.spans.splice(0)
    }
    this.#pairs.delete(sessionId)
    this.shares.forget(sessionId)
  }

  /** Takes in an actor's snapshot, if the actor is a version, a pool or an aggregate. */
  snapshot(actor: TimelineActor, snapshot: { value?: unknown; context?: unknown }, time: number): void {
    const version = versionOf(actor.name)
    const phase = phaseOf(snapshot.value)
    if (version !== undefined && phase !== undefined) {
      const { sessionId, parentId } = actor
      this.#enter(this.#lane({ sessionId, version, parentId, isInstance: false }), phase, time)
    }
    if (actor.name.startsWith('pool ')) this.#pool(actor.sessionId, snapshot, time)
    if (!actor.name.startsWith('aggregate ')) return
    const { active, next, share } = asRecord(snapshot.context)
    this.#place(actor.sessionId, active, next, time)
    if (typeof share === 'number') this.shares.set(actor.sessionId, String(next), share, time)
  }

  /** Takes in how many calls each version of an aggregate has in flight. */
  status({ sessionId, status }: ReceivedStatus, time: number): void {
    for (const { version, inFlight } of status.versions) {
      const lane = [...this.lanes.values()].findLast(
        it => it.version === version && (sessionId === undefined || it.parentId === sessionId),
      )
      if (lane === undefined || lane.calls.at(-1)?.count === inFlight) continue
      lane.calls.push({ time, count: inFlight })
      if (lane.calls.length > MAX_CALLS) lane.calls.splice(0, MAX_CALLS / 10)
    }
  }

  /** Takes in the states of the instances of a pool. */
  #pool(parentId: string, { value, context }: { value?: unknown; context?: unknown }, time: number): void {
    const { instances } = asRecord(context)
    if (!Array.isArray(instances)) return
    for (const [i, state] of instances.slice(0, MAX_INSTANCES).entries()) {
      const phase = instancePhaseOf(state, value)
      const number = `#${i}`
      const lane = { sessionId: `${parentId} ${number}`, version: number, parentId, isInstance: true }
      if (phase !== undefined) this.#enter(this.#lane(lane), phase, time)
    }
  }

  #lane(its: Omit<Lane, 'spans' | 'calls'>): Lane {
    const known = this.lanes.get(its.sessionId)
    if (known !== undefined) return known
    if (this.lanes.size >= MAX_LANES) this.#removeLane()
    const lane: Lane = { ...its, spans: [], calls: [] }
    this.lanes.set(its.sessionId, lane)
    return lane
  }

  /** Removes the oldest lane of a stopped version, or the oldest of all. */
  #removeLane(): void {
    const lanes = [...this.lanes.values()]
    const removed = lanes.find(({ spans }) => spans.at(-1)?.phase === 'stopped') ?? lanes[0]
    if (removed !== undefined) this.lanes.delete(removed.sessionId)
  }

  #enter({ spans, calls }: Lane, phase: Phase, time: number): void {
    const last = spans.at(-1)
    if (last?.phase === phase) return
    if (last !== undefined) {
      last.to = time
      if (last.from >= time) spans.pop()
    }
    const previous = spans.at(-1)
    if (previous?.phase === phase) delete previous.to
    else spans.push({ phase, from: time })
    if (spans.length > MAX_SPANS) spans.splice(0, MAX_SPANS / 10)
    if (phase === 'stopped' && (calls.at(-1)?.count ?? 0) > 0) calls.push({ time, count: 0 })
  }

  #place(sessionId: string, active: unknown, next: unknown, time: number): void {
    const before = this.#pairs.get(sessionId)
    const to = typeof active === 'string' ? active : before?.active
    if (to === undefined) return
    this.#pairs.set(sessionId, { active: to, next })
    if (before === undefined || before.active === to) return
    const { active: from } = before
    this.switches.push({ time, sessionId, from, to, isSwap: before.next === to && next === from })
    if (this.switches.length > MAX_SWITCHES) this.switches.splice(0, MAX_SWITCHES / 10)
  }
}

/** The phase for a version's state value; undefined if the value is unknown. */
export function phaseOf(value: unknown): Phase | undefined {
  if (typeof value === 'string') return FLAT_PHASES.includes(value) ? (value as Phase) : undefined
  if (typeof value !== 'object' || value === null || !('stopping' in value)) return undefined
  return value.stopping === 'draining' || value.stopping === 'terminating' ? value.stopping : undefined
}

/** The phase of an instance, for its state and the state value of its pool; undefined if the state is unknown. */
function instancePhaseOf(state: unknown, pool: unknown): Phase | undefined {
  switch (state) {
    case 'idle':
      return 'provisioned'
    case 'starting':
    case 'retrying':
    case 'failed':
    case 'restarting':
      return pool === 'stopping' ? 'terminating' : 'starting'
    case 'up':
      return pool === 'stopping' ? 'terminating' : 'running'
    case 'gaveUp':
    case 'stopped':
      return 'stopped'
    default:
      return undefined
  }
}
