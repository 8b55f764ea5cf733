import type { VersionPair } from '../../../machines/index.js'
import { count, invalidOption, number, object } from '../../contract/index.js'
import { type CheckedDeployment, checkDeployments, type Deployment } from './deployments.js'

/** The options of {@link due}, in the unit of `validFrom`. */
export interface DueOptions {
  /** How long before its `validFrom` a version starts as next; 0: not in advance. @default 3 */
  readonly prewarm?: number | undefined
  /** How many deployments may begin in the future; Infinity for any number. @default 1 */
  readonly maxFuture?: number | undefined
}

/** {@link DueOptions}, validated, with the defaults filled in. */
export interface CompiledDue {
  readonly prewarm: number
  readonly maxFuture: number
}

/**
 * Returns the versions that are due as active and as next. Pure: reads no clock, and changes nothing.
 *
 * The active version has the largest `validFrom` that is not after `now`. The next version has the smallest one after `now`, if
 * that is at most `prewarm` away. Each is null if there is none. A list that breaks a rule is refused as a whole: versions and
 * `validFrom` rise strictly, in the order of the list, and at most `maxFuture` deployments begin after `now`.
 *
 * @param deployments - the schedule; it may be empty
 * @param now - the current time, in the unit of `validFrom`
 * @returns the pair, canonical SemVer
 * @throws CutoverError `CUTOVER_INVALID_DEPLOYMENTS`, naming the rule that the list breaks; `CUTOVER_INVALID_OPTION`
 */
export function due(deployments: readonly Deployment[], now: number, options: DueOptions = {}): VersionPair {
  const { prewarm, maxFuture } = compileDue(options)
  if (!isTime(now)) throw invalidOption('now', 'a finite number', now)
  return pairAt(checkDeployments(deployments, now, maxFuture), now, prewarm)
}

/** The pair of a checked list, whose times rise. */
export function pairAt(list: readonly CheckedDeployment[], now: number, prewarm: number): VersionPair {
  const active = list.findLast(({ validFrom }) => validFrom <= now)
  const next = list.find(({ validFrom }) => validFrom > now)
  const isNear = next !== undefined && next.validFrom - now <= prewarm
  return { active: active?.version ?? null, next: isNear ? next.version : null }
}

/** @throws CutoverError `CUTOVER_INVALID_OPTION` */
export function compileDue(given: DueOptions): CompiledDue {
  const { prewarm, maxFuture } = object('options', given)
  const isUnlimited = maxFuture === Number.POSITIVE_INFINITY
  return {
    prewarm: number('prewarm', prewarm, 3, 0, Number.POSITIVE_INFINITY),
    maxFuture: isUnlimited ? maxFuture : count('maxFuture', maxFuture, 1),
  }
}

export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
