import { Oracle, type Said } from './oracle.js'
import { OverlapOracle } from './overlapOracle.js'

export interface Limits {
  readonly handover: 'sequential' | 'overlap'
  readonly drainTimeout: number
  readonly stopTimeout: number
  readonly waitTimeout: number
  readonly maxWaitingCalls: number
}

/** The key of a call: some keys are used again. */
export function keyOf(id: number): string {
  return `user${id % 50}`
}

/** Where a key is from 0 to 100: FNV-1a, then fmix32, over the version and the key. */
function percentileOf(version: string, key: string): number {
  const wrap = (n: bigint) => BigInt.asUintN(32, n)
  let hash = 2_166_136_261n
  for (const letter of `${version}\0${key}`) hash = wrap((hash ^ BigInt(letter.charCodeAt(0))) * 16_777_619n)
  hash = wrap((hash ^ (hash >> 16n)) * 0x85ebca6bn)
  hash = wrap((hash ^ (hash >> 13n)) * 0xc2b2ae35n)
  return (Number(hash ^ (hash >> 16n)) / 2 ** 32) * 100
}

function waitedTooLong(pin: string | null): string {
  return pin === null ? 'CUTOVER_NO_ACTIVE_VERSION' : 'CUTOVER_NOT_RUNNING'
}

/** A call that was sent. */
interface Sent {
  readonly version: string
  readonly entry: Oracle['all'][number]
}

/** Adds to the oracle what takes time: calls (rules 15 and 17), promises (rules 9 and 19) and the limits on waiting. */
export class TimedOracle {
  readonly oracle: Oracle
  /** The results of promises and calls, in order, as `number gives value` or `number rejects with reason`. The reader may empty it. */
  readonly settled: string[] = []
  /** The calls that runtimes got, in order, as `number > version`. The reader may empty it. */
  readonly sent: string[] = []
  /** The calls that wait, until when, and for which version if they name one. */
  readonly waiting = new Map<number, { readonly until: number; readonly pin: string | null }>()
  readonly #inFlight = new Map<number, Sent>()
  readonly #deadlines = new Map<string, { readonly stops: number; readonly at: number }>()
  #asked: { readonly id: number; readonly kind: 'setVersion' | 'stop' | 'dispose' }[] = []
  readonly #limits: Limits
  #now = 0

  constructor(limits: Limits) {
    this.#limits = limits
    this.oracle = limits.handover === 'overlap' ? new OverlapOracle() : new Oracle()
  }

  /** As in `status()`. */
  get phase(): string | null {
    const { state, active, next, isBusy } = this.oracle
    if (state !== 'running') return null
    if (this.oracle instanceof OverlapOracle && this.oracle.leaving !== null) return 'retiring'
    if (!isBusy) return 'settled'
    return this.oracle.versions.get(`${active}`)?.state === 'stopping'
      ? 'stoppingActive'
      : next === null
        ? null
        : 'stoppingNext'
  }

  get inFlight(): number {
    return this.#inFlight.size
  }

  setVersion(id: number, active: string | null, next: string | null, requireKnown: boolean, promote: boolean): void {
    const code = this.oracle.setVersion(active, next, requireKnown, promote)
    if (code === null) this.#asked.push({ id, kind: 'setVersion' })
    else this.#reject(id, code)
  }

  swap(id: number): string | null {
    const code = this.oracle.swap()
    if (code === null) this.#resolve(id, `${this.oracle.active}, ${this.oracle.next}`)
    else this.#reject(id, code)
    return code
  }

  stop(id: number, kind: 'stop' | 'dispose'): void {
    this.oracle.stop(kind === 'stop' ? 'stopping' : 'disposing')
    this.#asked.push({ id, kind })
  }

  call(id: number, isAborted: boolean, pin: string | null): void {
    const { waitTimeout, maxWaitingCalls } = this.#limits
    if (this.oracle.isClosed) this.#reject(id, 'CUTOVER_DISPOSED')
    else if (isAborted) this.#reject(id, 'aborted')
    else if (this.#goesOut(id, pin)) return
    else if ([...this.waiting.values()].filter(its => its.pin === pin).length >= maxWaitingCalls) {
      this.#reject(id, 'CUTOVER_TOO_MANY_WAITING_CALLS')
    } else if (waitTimeout === 0) this.#reject(id, waitedTooLong(pin))
    else this.waiting.set(id, { until: this.#now + waitTimeout, pin })
  }

  /** Sends a call, or rejects it if it must not wait (rules 15 and 28). @returns whether it has done so */
  #goesOut(id: number, pin: string | null): boolean {
    const to = this.#servingOf(id, pin)
    if (to !== null) this.#send(id, to)
    else if (pin !== null && !this.#isInPlace(pin)) this.#reject(id, 'CUTOVER_NO_SUCH_VERSION')
    else if (this.#isHopeless(pin ?? this.oracle.active)) this.#reject(id, waitedTooLong(pin))
    else return false
    return true
  }

  #isInPlace(version: string): boolean {
    const { state, active, next, versions } = this.oracle
    const stays = versions.get(version)?.state !== 'stopping'
    return state === 'running' && stays && (version === active || version === next)
  }

  /** Its caller does not want it any more: if it was sent, that is its runtime's affair. */
  abort(id: number): void {
    if (this.waiting.has(id)) this.#reject(id, 'aborted')
  }

  /** Its runtime answers a call. */
  answer(id: number, answer: 'answered' | 'failed'): void {
    const call = this.#inFlight.get(id)
    if (call === undefined) return
    if (answer === 'answered') this.#resolve(id, answer)
    else this.#reject(id, answer)
    const { entry, version } = call
    if (--entry.inFlight === 0 && entry.state === 'stopping') this.oracle.goFurther(version)
  }

  /** A runtime says something; when it says that it died, the calls in flight on it are lost (rule 17). */
  hear(version: string, said: Said): void {
    const entry = this.oracle.versions.get(version)
    const isHeard = entry !== undefined && entry.state !== 'provisioned' && entry.said !== 'ended'
    this.oracle.hear(version, said)
    if (said !== 'died' || !isHeard) return
    for (const [id, call] of this.#inFlight) {
      if (call.entry !== entry) continue
      this.#reject(id, 'CUTOVER_RUNTIME_LOST')
      entry.inFlight--
    }
    if (entry.inFlight === 0 && entry.state === 'stopping' && entry.stops === 0) this.oracle.goFurther(version)
  }

  /** How long until something is due, in ms. */
  get untilDue(): number {
    return (
      Math.min(
        ...[...this.#deadlines.values()].map(({ at }) => at),
        ...[...this.waiting.values()].map(({ until }) => until),
      ) - this.#now
    )
  }

  /** Time passes, no further than something is due. */
  advance(ms: number): void {
    this.#now += ms
    for (const [version, { at }] of this.#deadlines) {
      if (at > this.#now) continue
      this.oracle.goFurther(version)
      this.#deadlines.delete(version)
      // Of two versions, the one that is asked to stop first is given up first.
      const isAsked = this.oracle.versions.get(version)?.state === 'stopping'
      if (isAsked) this.#deadlines.set(version, { stops: 1, at: this.#now + this.#limits.stopTimeout })
    }
    for (const [id, { until, pin }] of this.waiting) if (until <= this.#now) this.#reject(id, waitedTooLong(pin))
  }

  /** After every step: what follows from it for calls, promises and timers. */
  follow(): void {
    this.#setDeadlines()
    for (const [id, { entry }] of this.#inFlight) if (entry.stops > 0) this.#reject(id, 'CUTOVER_VERSION_STOPPED')
    const isPinned = ({ pin }: { readonly pin: string | null }) => Number(pin !== null)
    for (const [id, { pin }] of [...this.waiting].sort(([, a], [, b]) => isPinned(a) - isPinned(b))) {
      if (this.oracle.isClosed) this.#reject(id, 'CUTOVER_DISPOSED')
      else this.#goesOut(id, pin)
    }
    this.#asked = this.#asked.filter(({ id, kind }) => {
      const outcome = this.#outcomeOf(kind)
      if (outcome !== null) this.#resolve(id, outcome)
      return outcome === null
    })
  }

  #setDeadlines(): void {
    const { drainTimeout, stopTimeout } = this.#limits
    const rank = (version: string) => [this.oracle.next, this.oracle.active].indexOf(version)
    const leaving = () =>
      [...this.oracle.versions].filter(([, { state }]) => state === 'stopping').sort(([a], [b]) => rank(b) - rank(a))
    const undrained = () => (drainTimeout === 0 ? leaving().find(([, { stops }]) => stops === 0) : undefined)
    for (let first = undrained(); first !== undefined; first = undrained()) this.oracle.goFurther(first[0])
    for (const version of this.#deadlines.keys()) {
      if (this.oracle.versions.get(version)?.state !== 'stopping') this.#deadlines.delete(version)
    }
    for (const [version, { stops }] of leaving()) {
      if (this.#deadlines.get(version)?.stops === stops) continue
      // Of two deadlines at the same moment, the one set later is due later.
      this.#deadlines.delete(version)
      this.#deadlines.set(version, { stops, at: this.#now + (stops === 0 ? drainTimeout : stopTimeout) })
    }
  }

  #outcomeOf(kind: 'setVersion' | 'stop' | 'dispose'): string | null {
    const { state, isBusy, active, next } = this.oracle
    if (kind === 'dispose') return state === 'disposed' ? 'disposed' : null
    if (kind === 'stop') return state === 'stopping' || state === 'disposing' ? null : 'stopped'
    const isSettled = state === 'stopped' || state === 'disposed' || (state === 'running' && !isBusy)
    return isSettled ? `${active}, ${next}` : null
  }

  /** The version that a call goes to (rules 15, 26 and 27): in place, and running. */
  #servingOf(id: number, pin: string | null): string | null {
    const { state, active, next, share, versions } = this.oracle
    const ifUp = (version: string | null) => (versions.get(`${version}`)?.state === 'running' ? version : null)
    if (state !== 'running') return null
    if (pin !== null) return this.#isInPlace(pin) ? ifUp(pin) : null
    return ifUp(next) !== null && percentileOf(`${next}`, keyOf(id)) < share ? next : ifUp(active)
  }

  /** The version's host has given up: it is not worth waiting for (rules 15 and 28). */
  #isHopeless(version: string | null): boolean {
    const { state, versions } = this.oracle
    const entry = version === null ? undefined : versions.get(version)
    return state !== 'disposed' && entry?.state === 'starting' && entry.hasGivenUp
  }

  #send(id: number, version: string): void {
    const entry = this.oracle.versions.get(version)
    if (entry === undefined) throw new Error(`The oracle sends a call to ${version}, which is not there.`)
    entry.inFlight++
    this.waiting.delete(id)
    this.#inFlight.set(id, { version, entry })
    this.sent.push(`${id} > ${version}`)
  }

  #resolve(id: number, value: string): void {
    this.#settle(id, `${id} gives ${value}`)
  }

  #reject(id: number, reason: string): void {
    this.#settle(id, `${id} rejects with ${reason}`)
  }

  #settle(id: number, how: string): void {
    this.waiting.delete(id)
    this.#inFlight.delete(id)
    this.settled.push(how)
  }
}
