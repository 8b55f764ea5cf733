import type { StatusMessage } from './receivedMessage.js'

/** What a version is doing, as its bar shows it. */
export type Phase = 'provisioned' | 'starting' | 'running' | 'draining' | 'terminating' | 'stopped'

/** A part of a bar; the last one has no end while it goes on. */
export interface Span {
  readonly phase: Phase
  readonly from: number
  to?: number
}

/** The bar of one version. */
export interface Lane {
  readonly sessionId: string
  readonly version: string
  readonly parentId: string | undefined
  readonly spans: Span[]
  /** How many calls were in flight, from when on. */
  readonly calls: { readonly time: number; readonly count: number }[]
}

/** The active version moved. */
export interface Switch {
  readonly time: number
  readonly sessionId: string
  readonly from: string
  readonly to: string
}

/** What the timeline has to know of an actor. */
export interface TimelineActor {
  readonly sessionId: string
  readonly name: string
  readonly parentId: string | undefined
}

const MAX_LANES = 300
const MAX_SPANS = 400
const MAX_CALLS = 2_000
const MAX_SWITCHES = 1_000
const PHASES: readonly string[] = ['provisioned', 'starting', 'running', 'stopped']

/** What became of every version, worked out message by message, in bounded memory. */
export class Timeline {
  readonly lanes = new Map<string, Lane>()
  readonly switches: Switch[] = []
  readonly #active = new Map<string, string>()
  first = Number.NaN
  last = Number.NaN

  /** Something happened at this time. */
  tick(time: number): void {
    if (Number.isNaN(time)) return
    if (!(this.first <= time)) this.first = time
    if (!(this.last >= time)) this.last = time
  }

  /** An actor begins: what was said of it before was said too early, as other senders do. */
  begin(sessionId: string): void {
    this.lanes.get(sessionId)?.spans.splice(0)
    this.#active.delete(sessionId)
  }

  /** An actor has a snapshot: of interest if it is a version, or what hosts versions. */
  snapshot(actor: TimelineActor, snapshot: { value?: unknown; context?: unknown }, time: number): void {
    const version = /^version (.+)$/.exec(actor.name)?.[1]
    const phase = phaseOf(snapshot.value)
    if (version !== undefined && phase !== undefined) this.#enter(this.#lane(actor, version), phase, time)
    const { active } = (snapshot.context ?? {}) as { active?: unknown }
    if (typeof active === 'string' && actor.name.startsWith('aggregate ')) this.#activate(actor.sessionId, active, time)
  }

  /** An aggregate said how many calls each of its versions has in flight. */
  status({ sessionId, status }: StatusMessage, time: number): void {
    for (const { version, inFlight } of status.versions) {
      const lane = [...this.lanes.values()].findLast(
        it => it.version === version && (sessionId === undefined || it.parentId === sessionId),
      )
      if (lane === undefined || lane.calls.at(-1)?.count === inFlight) continue
      lane.calls.push({ time, count: inFlight })
      if (lane.calls.length > MAX_CALLS) lane.calls.splice(0, MAX_CALLS / 10)
    }
  }

  #lane(actor: TimelineActor, version: string): Lane {
    const known = this.lanes.get(actor.sessionId)
    if (known !== undefined) return known
    if (this.lanes.size >= MAX_LANES) this.#forgetOne()
    const lane: Lane = { sessionId: actor.sessionId, version, parentId: actor.parentId, spans: [], calls: [] }
    this.lanes.set(actor.sessionId, lane)
    return lane
  }

  #forgetOne(): void {
    const lanes = [...this.lanes.values()]
    const oldest = lanes.find(({ spans }) => spans.at(-1)?.phase === 'stopped') ?? lanes[0]
    if (oldest !== undefined) this.lanes.delete(oldest.sessionId)
  }

  #enter({ spans, calls }: Lane, phase: Phase, time: number): void {
    const last = spans.at(-1)
    if (last?.phase === phase) return
    if (last !== undefined) {
      last.to = time
      if (last.from >= time) spans.pop()
    }
    const before = spans.at(-1)
    if (before?.phase === phase) delete before.to
    else spans.push({ phase, from: time })
    if (spans.length > MAX_SPANS) spans.splice(0, MAX_SPANS / 10)
    if (phase === 'stopped' && (calls.at(-1)?.count ?? 0) > 0) calls.push({ time, count: 0 })
  }

  #activate(sessionId: string, to: string, time: number): void {
    const from = this.#active.get(sessionId)
    if (from === to) return
    this.#active.set(sessionId, to)
    if (from === undefined) return
    this.switches.push({ time, sessionId, from, to })
    if (this.switches.length > MAX_SWITCHES) this.switches.splice(0, MAX_SWITCHES / 10)
  }
}

/** The phase that a version's state value stands for. */
export function phaseOf(value: unknown): Phase | undefined {
  if (typeof value === 'string') return PHASES.includes(value) ? (value as Phase) : undefined
  if (typeof value !== 'object' || value === null || !('stopping' in value)) return undefined
  return value.stopping === 'draining' || value.stopping === 'terminating' ? value.stopping : undefined
}
