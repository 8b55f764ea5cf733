import { Aggregate, type AggregateStatus, type Logger, type VersionPair } from 'cutover'
import type { Scheduler } from 'fast-check'
import type { AnyActorRef, InspectionEvent } from 'xstate'
import { Audience } from './audience.js'
import type { Command } from './command.js'
import { activeChanged, hostAsked, type Invariant, versionLeaves, versionLeft } from './invariants.js'
import { noteWhatTheyMayGive } from './promises.js'
import type { CallRecord, Outcome, PromiseRecord, Role, WalkOptions } from './records.js'
import { WalkClock } from './walkClock.js'
import { ID, type WalkHost } from './walkHost.js'

/** An aggregate, its hosts, users and callers and its clock, with everything noted that they do and see. */
export class World {
  readonly clock = new WalkClock(() => this.look())
  readonly options: WalkOptions
  readonly aggregate: Aggregate<string, string>
  /** All hosts that were ever added. */
  readonly hosts: WalkHost[] = []
  /** Those that are in the aggregate, by version. */
  readonly here = new Map<string, WalkHost>()
  /** All calls that were ever made, in order, and those that are not settled. */
  readonly calls: CallRecord[] = []
  readonly openCalls = new Set<CallRecord>()
  /** All other promises that are not settled. */
  readonly promises = new Set<PromiseRecord>()
  readonly signals = [new AbortController(), new AbortController(), new AbortController()]
  /** What was done so far, in order; from within something else, in parentheses. */
  readonly trace: (Command<World> | string)[] = []
  /** What the aggregate itself has logged as a bug of its own. */
  readonly bugs: object[] = []
  /** The invariants that were broken. */
  readonly broken: string[] = []
  status: AggregateStatus
  /** What `setVersion` last asked for. */
  wanted: VersionPair = { active: null, next: null }
  /** Of `start` and `stop`, which was asked for last. */
  isStartAsked = false
  isDisposeAsked = false
  /** The aggregate's own actor, in walks that inspect. */
  root: AnyActorRef | null = null
  /** Events of the active version are kept back: its predecessor has not left yet. */
  isHolding = false
  activeHost: WalkHost | null = null
  /** Something was done from within an event or a host. */
  hasReentered = false
  /** The walk is over: nobody does anything new. */
  isEnding = false
  /** The number of the call that went out last. */
  lastSent = 0
  /** The hosts that calls went out to as the active version's, in order. */
  readonly servers: WalkHost[] = []
  readonly audience: Audience
  readonly #scheduler: Scheduler
  #depth = 0
  #last = 0

  constructor(options: WalkOptions, scheduler: Scheduler) {
    this.options = options
    this.#scheduler = scheduler
    const { logger, inspects, answersAtEnd: _, ...rest } = options
    this.aggregate = new Aggregate<string, string>({
      ...rest,
      id: ID,
      clock: this.clock,
      propagate: isPropagated,
      logger: this.#logger(logger),
      ...(inspects ? { inspect: event => this.#inspect(event) } : {}),
    })
    this.status = this.aggregate.status()
    this.audience = new Audience(this)
  }

  /** Notes what is broken, if the invariants say so. */
  judge<Fact>(invariants: readonly Invariant<Fact>[], fact: Fact): void {
    for (const { sentence, holds } of invariants) {
      if (!holds(fact, this)) this.broken.push(sentence)
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

  /** Does something from within an event or a host. */
  reenter(command: Command<World>): void {
    if (this.isEnding) return
    this.hasReentered = true
    this.#depth++
    this.perform(command)
    this.#depth--
  }

  /** Lets something happen when the scheduler says so. */
  later(label: string, act: () => void): void {
    void this.#scheduler.schedule(Promise.resolve(), label).then(() => {
      this.trace.push(label)
      act()
      this.look()
    })
  }

  /** A promise of a host that is settled when the scheduler says so. */
  promise(label: string, outcome: Outcome): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.later(label, () => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value)))
    })
  }

  /** Whether it is not from within an event or a host that something is done. */
  get isPlain(): boolean {
    return this.#depth <= 1
  }

  nextNumber(): number {
    return ++this.#last
  }

  asked(method: 'start' | 'stop', host: WalkHost): void {
    this.look()
    if (method === 'start' && host.events.role === 'next') this.audience.configUpdates.due++
    this.judge(hostAsked, { method, host })
  }

  isTerminating(host: WalkHost): boolean {
    return this.status.versions.some(({ version, phase }) => version === host.version && phase === 'terminating')
  }

  /** Looks at the aggregate from outside, and notes what has changed. */
  look(): AggregateStatus {
    const status = this.aggregate.status()
    this.status = status
    const leaving = status.versions.find(its => its.state === 'stopping' && roleOf(its.version, status) === 'leaving')
    this.isHolding = leaving !== undefined
    for (const host of this.here.values()) this.#lookAt(host, status)
    const active = status.active === null ? null : (this.here.get(status.active) ?? null)
    if (active !== this.activeHost) {
      this.activeHost = active
      if (active !== null) {
        active.turn = this.nextNumber()
        this.judge(activeChanged, active)
      }
    }
    if (this.promises.size > 0) noteWhatTheyMayGive(this)
    return status
  }

  #lookAt(host: WalkHost, status: AggregateStatus): void {
    const its = status.versions.find(({ version }) => version === host.version)
    if (its === undefined) return this.#left(host)
    if (its.state === 'stopping' && host.leavingSince === null) {
      host.leavingSince = this.clock.now
      this.judge(versionLeaves, host)
    }
    const role: Role = its.state === 'provisioned' ? 'none' : roleOf(host.version, status)
    host.events.is(role, role === 'active' && this.isHolding)
  }

  #left(host: WalkHost): void {
    this.here.delete(host.version)
    host.hasLeft = true
    // Nothing to wait for: nobody could see it stopping.
    host.leavingSince ??= this.clock.now
    if (host.starts > 0 && host.events.role === 'next') this.audience.configUpdates.due++
    this.judge(versionLeft, host)
    host.events.left(host.starts > 0 && !host.events.wentDown && !host.events.hasEnded)
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

/** Requests that begin with p go to the next version as well; those with x make `propagate` throw. */
function isPropagated(request: string): boolean {
  if (request.startsWith('x')) throw new Error('cannot say whether to propagate')
  return request.startsWith('p')
}
