import type { VersionPair } from '../../../machines/index.js'
import type { Logger } from '../../contract/index.js'
import { assertReplaces, type CheckedDeployment, checkDeployments } from './deployments.js'
import { type CompiledDue, isTime, pairAt } from './due.js'

/** Gets the pair that is due. */
export interface Follower {
  /** Called when the list has changed or time has passed. */
  follow(pair: VersionPair): void
  /** Called before {@link follow} when the list has changed. */
  listChanged?(): void
}

/** The last good list, and the largest time that was seen. */
export class Schedule {
  readonly #options: CompiledDue
  readonly #follower: Follower
  readonly #logger: Logger
  #list: readonly CheckedDeployment[] | undefined
  #now: number | undefined
  /** The list that came before the first time. */
  #early: { readonly deployments: unknown } | undefined
  #hasWarned = false

  constructor(options: CompiledDue, follower: Follower, logger: Logger) {
    this.#options = options
    this.#follower = follower
    this.#logger = logger
  }

  /** Replaces the list, unless the new one breaks a rule. */
  takeList(deployments: unknown): void {
    if (this.#now === undefined) {
      this.#early = { deployments }
      return
    }
    try {
      const list = checkDeployments(deployments, this.#now, this.#options.maxFuture)
      const before = this.#list ?? []
      assertReplaces(before, list, this.#now)
      // Also an empty list before the first one with entries.
      if (isSame(list, before)) return
      this.#list = list
    } catch (err) {
      this.#logger.error({ err, now: this.#now }, 'a list of deployments was refused: the last good one stays')
      return
    }
    this.#follower.listChanged?.()
    this.#follow()
  }

  /** A time before the largest one changes nothing. */
  takeTime(now: unknown): void {
    if (!isTime(now)) {
      if (!this.#hasWarned) this.#logger.warn({ now }, 'now$ emitted no finite number: ignored, said once')
      this.#hasWarned = true
      return
    }
    if (this.#now !== undefined && now <= this.#now) return
    this.#now = now
    this.#follow()
    const early = this.#early
    this.#early = undefined
    if (early !== undefined) this.takeList(early.deployments)
  }

  #follow(): void {
    if (this.#now === undefined || this.#list === undefined) return
    this.#follower.follow(pairAt(this.#list, this.#now, this.#options.prewarm))
  }
}

function isSame(a: readonly CheckedDeployment[], b: readonly CheckedDeployment[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ version, validFrom }, n) => version === b[n]?.version && validFrom === b[n].validFrom)
  )
}
