import { Aggregate, type AggregateStatus, type Logger, type MirroredOutcomes, type VersionPair } from 'cutover'
import type { Scheduler } from 'fast-check'
import type { AnyActorRef, InspectionEvent } from 'xstate'
import type { Command } from './command.js'
import { activeChanged, hostAsked, type Invariant, pairHeard, versionLeaves, versionLeft } from './invariants.js'
import { recordPossibleResults } from './promises.js'
import type { CallRecord, Outcome, PromiseRecord, Role, WalkOptions } from './records.js'
import { Subscribers } from './subscribers.js'
import { WalkClock } from './walkClock.js'
import { ID, type WalkHost } from './walkHost.js'

/** The state of a walk: an aggregate, its clock, and records of its hosts, calls and promises. */
export class World {
  readonly clock = new WalkClock(() => this.look())
  readonly options: WalkOptions
  readonly aggregate: Aggregate<string, string>
  /** All hosts that were added, in order. */
  readonly hosts: WalkHost[] = []
  /** The hosts that are in the aggregate, by version. */
  readonly here = new Map<string, WalkHost>()
  /** All calls, in order; and the calls that are not settled. */
  readonly calls: CallRecord[] = []
  readonly openCalls = new Set<CallRecord>()
  /** The calls that onMirrored heard of. */
  readonly heard = new Set<CallRecord>()
  /** The other promises that are not settled. */
  readonly promises = new Set<PromiseRecord>()
  readonly signals = [new AbortController(), new AbortController(), new AbortController()]
  /** The commands so far, in order; those inside another one in parentheses. */
  readonly trace: (Command<World> | string)[] = []
  /** The log entries of the aggregate that report a bug of the library. */
  readonly bugs: object[] = []
  /** The sentences of the violated invariants. */
  readonly violations: string[] = []
  status: AggregateStatus
  /** The pair of the last `setVersion()` or `swap()`. */
  wanted: VersionPair = { active: null, next: null }
  /** Whether `start()` was called after the last `stop()`. */
  isStartAsked = false
  isDisposeAsked = false
  /** The actor of the aggregate, in walks that inspect. */
  root: AnyActorRef | null = null
  /** Whether events of the active version are held, because its predecessor has not left. */
  isHolding = false
  activeHost: WalkHost | null = null
  nextHost: WalkHost | null = null
  /** Whether active and next have changed places. */
  hasSwapped = false
  /** The percentage of the last `setShare()`, as long as the same hosts are active and next (rule 26). */
  share = 0
  /** Whether a call ever named its version. */
  hasPinned = false
  /** Whether the next version ever had a share. */
  hasShared = false
  /** Whether a command was performed inside an event or a host. */
  hasReentered = false
  /** Whether the walk ends: no new commands inside events and hosts. */
  isEnding = false
  /** The number of the last call that was sent. */
  lastSent = 0
  /** The hosts that got calls as the active version, in order. */
  readonly servers: WalkHost[] = []
  readonly subscribers: Subscribers
  readonly #scheduler: Scheduler
  #depth = 0
  #last = 0

  constructor(options: WalkOptions, scheduler: Scheduler) {
    this.options = options
    this.#scheduler = scheduler
    const { logger, inspects, answersAtEnd: _, hasKeys: __, compares, ...rest } = options
    this.aggregate = new Aggregate<string, string>({
      ...rest,
      id: ID,
      clock: this.clock,
      propagate: isPropagated,
      logger: this.#logger(logger),
      ...(compares ? { onMirrored: pair => this.#hear(pair) } : {}),
      ...(inspects ? { inspect: event => this.#inspect(event) } : {}),
    })
    this.status = this.aggregate.status()
    this.subscribers = new Subscribers(this)
  }

  /** Checks a fact, and records the violated invariants. */
  check<Fact>(invariants: readonly Invariant<Fact>[], fact: Fact): void {
    for (const { sentence, holds } of invariants) {
      if (!holds(fact, this)) this.violations.push(sentence)
    }
  }

  perform(command: Command<World>): void {
    this.trace.push(this.#depth === 0 ? command : `(${command})`)
    this.#depth++
    try {
      command.perform(this)
    } finally {
      this.#depth--
      this.look()
    }
  }

  /** Performs a command inside an event or a host. */
  reenter(command: Command<World>): void {
    if (this.isEnding) return
    this.hasReentered = true
    this.#depth++
    this.perform(command)
    this.#depth--
  }

  /** Schedules an action. */
  later(label: string, act: () => void): void {
    void this.#scheduler.schedule(Promise.resolve(), label).then(() => {
      this.trace.push(label)
      act()
      this.look()
    })
  }

  /** A promise of a host, which the scheduler settles. */
  promise(label: string, outcome: Outcome): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.later(label, () => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value)))
    })
  }

  /** Whether the current command is performed neither inside an event nor inside a host. */
  get isPlain(): boolean {
    return this.#depth <= 1
  }

  nextNumber(): number {
    return ++this.#last
  }

  asked(method: 'start' | 'stop', host: WalkHost): void {
    this.look()
    if (method === 'start' && host.events.role === 'next') this.subscribers.configUpdates.due++
    this.check(hostAsked, { method, host })
  }

  isTerminating(host: WalkHost): boolean {
    return this.status.versions.some(({ version, phase }) => version === host.version && phase === 'terminating')
  }

  /** Observes the status of the aggregate, and records what has changed. */
  look(): AggregateStatus {
    const status = this.aggregate.status()
    this.status = status
    const leaving = status.versions.find(its => its.state === 'stopping' && roleOf(its.version, status) === 'leaving')
    this.isHolding = leaving !== undefined
    for (const host of this.here.values()) this.#lookAt(host, status)
    const active = status.active === null ? null : (this.here.get(status.active) ?? null)
    const next = status.next === null ? null : (this.here.get(status.next) ?? null)
    const stays = status.versions.some(its => its.version === status.next && its.state !== 'stopping')
    if (active !== this.activeHost || next !== this.nextHost || !stays) this.share = 0
    this.nextHost = next
    if (active !== this.activeHost) {
      this.activeHost = active
      if (active !== null) {
        active.turn = this.nextNumber()
        this.check(activeChanged, active)
      }
    }
    if (this.promises.size > 0) recordPossibleResults(this)
    return status
  }

  #lookAt(host: WalkHost, status: AggregateStatus): void {
    const its = status.versions.find(({ version }) => version === host.version)
    if (its === undefined) return this.#left(host)
    if (its.state === 'stopping' && host.leavingSince === null) {
      host.leavingSince = this.clock.now
      this.check(versionLeaves, host)
    }
    const role: Role = its.state === 'provisioned' ? 'none' : roleOf(host.version, status)
    host.events.is(role, role === 'active' && this.isHolding)
  }

  #left(host: WalkHost): void {
    this.here.delete(host.version)
    host.hasLeft = true
    // It left at once, so it was never observed stopping.
    host.leavingSince ??= this.clock.now
    if (host.starts > 0 && host.events.role === 'next') this.subscribers.configUpdates.due++
    this.check(versionLeft, host)
    host.events.left(host.starts > 0 && !host.events.wentDown && !host.events.hasEnded)
  }

  #hear(pair: MirroredOutcomes<string>): void {
    const call = this.calls[Number(pair.request.slice(1)) - 1]
    if (call === undefined) throw new Error(`The call ${pair.request} was never made.`)
    this.check(pairHeard, { pair, call })
    this.heard.add(call)
  }

  #logger(kind: WalkOptions['logger']): Logger {
    const log = (object: object, message: string) => {
      if (message.includes('bug')) this.bugs.push(object)
      if (kind === 'throws') throw new Error('cannot log')
    }
    return { debug: log, info: log, warn: log, error: log }
  }

  #inspect({ type, actorRef }: InspectionEvent): void {
    if (type === '@xstate.actor') this.root ??= actorRef as AnyActorRef
  }
}

function roleOf(version: string, { active, next }: AggregateStatus): Role {
  if (version === active) return 'active'
  return version === next ? 'next' : 'leaving'
}

/** Requests that begin with p are propagated; for those that begin with x, `propagate` throws. */
function isPropagated(request: string): boolean {
  if (request.startsWith('x')) throw new Error('cannot decide whether to propagate')
  return request.startsWith('p')
}
