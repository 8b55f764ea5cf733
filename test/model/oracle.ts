// The rules of an aggregate (design §4) written down a second time, one step after the other: the two can agree only if
// both are right. What an overlap does otherwise is in `overlapOracle.ts`; calls, promises, time in `timedOracle.ts`.
/** `died`: a `stopped` with a reason. `gaveUp`: the last `failedToStart`. */
export type Said = 'started' | 'failedToStart' | 'gaveUp' | 'updated' | 'stopped' | 'died' | 'ended'
type Role = string | null
export interface Entry {
  state: 'provisioned' | 'starting' | 'running' | 'stopping'
  said: Said | null
  /** It does not try to start again by itself. */
  hasGivenUp: boolean
  /** How it last failed since it last ran. */
  failure: 'failedToStart' | 'died' | 'ended' | null
  inFlight: number
  starts: number
  stops: number
}

export class Oracle {
  readonly events: string[] = []
  readonly all: Entry[] = []
  readonly versions = new Map<string, Entry>()
  state: 'stopped' | 'running' | 'stopping' | 'disposing' | 'disposed' = 'stopped'
  active: Role = null
  next: Role = null
  wanted: { readonly active: Role; readonly next: Role } = { active: null, next: null }
  /** The percentage of new calls that the next version gets (rule 26). */
  share = 0
  protected captured: string[] = []
  #shallRestart = false

  get isClosed(): boolean {
    return this.state === 'disposing' || this.state === 'disposed'
  }

  get isBusy(): boolean {
    return [...this.versions.values()].some(({ state }) => state === 'stopping')
  }

  add(version: string): string | null {
    if (this.isClosed) return 'CUTOVER_DISPOSED'
    if (this.versions.has(version)) return 'CUTOVER_DUPLICATE_VERSION'
    const counts = { inFlight: 0, starts: 0, stops: 0 }
    const entry: Entry = { state: 'provisioned', said: null, hasGivenUp: false, failure: null, ...counts }
    this.all.push(entry)
    this.versions.set(version, entry)
    return this.#goOn()
  }

  remove(version: string): string | null {
    if (this.isClosed) return 'CUTOVER_DISPOSED'
    if (!this.versions.has(version)) return 'CUTOVER_NO_SUCH_VERSION'
    const isFree = this.is(version, 'provisioned') && !Object.values(this.wanted).includes(version)
    if (isFree) this.versions.delete(version)
    return isFree ? null : 'CUTOVER_VERSION_IN_USE'
  }

  setVersion(active: Role, next: Role, requireKnown = false, promote = true): string | null {
    if (this.isClosed) return 'CUTOVER_DISPOSED'
    const pair =
      active === null && promote ? { active: next, next: null } : { active, next: next === active ? null : next }
    if (requireKnown && this.#isLacking(pair)) return 'CUTOVER_NO_SUCH_VERSION'
    this.wanted = pair
    return this.#goOn()
  }

  /** Rule 8: the wanted versions that are not there. */
  get postponed(): string[] {
    const { active, next } = this.wanted
    if (this.state === 'disposed') return []
    return [active, next].flatMap(version => (version === null || this.versions.has(version) ? [] : [version]))
  }

  /** A version that is not there, that leaves, or that would have to leave to change its role from active to next. */
  #isLacking({ active, next }: { readonly active: Role; readonly next: Role }): boolean {
    const isHere = (version: string) => this.versions.has(version) && !this.is(version, 'stopping')
    if (active !== null && !isHere(active)) return true
    return next !== null && (!isHere(next) || next === this.active)
  }

  /** Rules 23 and 25. */
  swap(): string | null {
    if (this.isClosed) return 'CUTOVER_DISPOSED'
    if (this.state !== 'running' || this.isBusy) return 'CUTOVER_NOT_SETTLED'
    if (!this.is(this.next, 'running')) return 'CUTOVER_NO_NEXT_VERSION'
    if (this.active === null) return 'CUTOVER_NO_ACTIVE_VERSION'
    const old = this.active
    this.share = 0
    this.wanted = { active: this.next, next: old }
    ;[this.active, this.next] = [this.next, old]
    this.events.push(`stopped ${old} standby`, ...this.captured.splice(0), 'configUpdated')
    if (this.is(old, 'running')) this.captured = [`started ${old}`]
    return null
  }

  /** Rule 26. */
  setShare(percent: number): string | null {
    if (this.isClosed) return 'CUTOVER_DISPOSED'
    if (percent > 0 && (this.next === null || this.is(this.next, 'stopping'))) return 'CUTOVER_NO_NEXT_VERSION'
    this.share = percent
    return null
  }

  start(): string | null {
    if (this.isClosed) return 'CUTOVER_DISPOSED'
    if (this.state === 'stopped') this.state = 'running'
    this.#shallRestart = this.state === 'stopping'
    return this.#goOn()
  }

  stop(as: 'stopping' | 'disposing' = 'stopping'): null {
    this.#shallRestart = false
    const isUp = this.state === 'running'
    if (isUp || (as === 'disposing' && !this.isClosed)) this.state = as
    for (const version of isUp ? [this.active, this.next] : []) this.leave(version)
    return this.#goOn()
  }

  hear(version: string, said: Said): null {
    const entry = this.versions.get(version)
    if (entry === undefined || entry.state === 'provisioned' || entry.said === 'ended') return null
    const isDown = said === 'stopped' || said === 'died' || said === 'ended'
    const type = said === 'gaveUp' ? 'failedToStart' : isDown ? 'stopped' : said
    if (said !== 'ended' || entry.said !== 'stopped') this.publish(version, type)
    if (said === 'died' || (type === 'failedToStart' && entry.state === 'starting'))
      entry.failure = type === 'stopped' ? 'died' : 'failedToStart'
    if (said === 'ended') entry.failure ??= 'ended'
    if (said === 'started') entry.failure = null
    if (isDown || said === 'started') entry.said = said === 'died' ? 'stopped' : said
    if (entry.state === 'starting' && type === 'failedToStart') entry.hasGivenUp = said === 'gaveUp'
    if (entry.state === 'starting' && said === 'started') entry.state = 'running'
    else if (entry.state === 'running' && isDown) {
      entry.state = 'starting'
      entry.hasGivenUp = false
    } else if (entry.stops > 0 && isDown) this.forget(version)
    return this.#goOn()
  }

  /** A version that leaves need not drain any more; or, asked to stop, it is given up (rule 20). */
  goFurther(version: string): null {
    const entry = this.versions.get(version) as Entry
    if (entry.stops > 0) this.publish(version, 'stopped')
    if (entry.stops > 0 || entry.said === 'ended') this.forget(version)
    entry.stops = 1
    return this.#goOn()
  }

  protected is(version: Role, state: Entry['state']): boolean {
    return this.versions.get(`${version}`)?.state === state
  }

  /** Rule 11. */
  protected publish(version: string, type: string): void {
    if (version !== this.next) this.events.push(`${type} ${version}`)
    else if (type === 'started' || type === 'stopped') this.captured = type === 'started' ? [`started ${version}`] : []
  }

  protected leave(version: Role): void {
    const entry = this.versions.get(`${version}`)
    if (entry === undefined || entry.state === 'stopping') return
    entry.state = 'stopping'
    if (version === this.next) this.share = 0
    if (entry.inFlight === 0) this.goFurther(`${version}`)
  }

  protected forget(version: string): void {
    this.versions.delete(version)
    if (version === this.active || version === this.next) this.share = 0
    if (version === this.active) this.active = null
    if (version === this.next) this.events.push('configUpdated')
    if (version === this.next) this.next = null
  }

  /** Rule 8, one step after the other, for as long as one can be taken. */
  #goOn(): null {
    for (let on = true; on; ) on = this.state === 'running' ? !this.isBusy && this.step() : this.#end()
    return null
  }

  #end(): boolean {
    const isUp = [...this.versions.values()].some(({ state }) => state !== 'provisioned')
    const isDown = (this.state === 'stopping' || this.state === 'disposing') && !isUp
    if (isDown) this.state = this.isClosed ? 'disposed' : this.#shallRestart ? 'running' : 'stopped'
    return isDown
  }

  protected step(): boolean {
    const { active, next, wanted } = this
    if (active !== null && active !== wanted.active) this.leave(active)
    else if (active === null && next !== null && next === wanted.active) {
      ;[this.active, this.next, this.share] = [next, null, 0]
      this.events.push(...this.captured.splice(0))
    } else if (active === null && this.is(wanted.active, 'provisioned')) this.active = this.#begin(wanted.active)
    else if (next !== null && next !== wanted.next) this.leave(next)
    else if (next === null && this.is(wanted.next, 'provisioned')) {
      this.next = this.#begin(wanted.next)
      this.events.push('configUpdated')
    } else return false
    return true
  }

  #begin(version: Role): Role {
    const entry = this.versions.get(`${version}`) as Entry
    entry.state = 'starting'
    entry.starts++
    this.share = 0
    return version
  }
}
