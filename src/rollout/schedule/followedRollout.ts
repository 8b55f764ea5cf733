import { BehaviorSubject, filter, firstValueFrom, take, takeWhile } from 'rxjs'
import type { VersionPair } from '../../../machines/index.js'
import { isCutoverError, type Logger } from '../../contract/index.js'
import { HOLD, type Rollout } from '../rollout.js'
import type { RolloutState } from '../status.js'
import type { Follower } from './schedule.js'

const NONE: VersionPair = { active: null, next: null }
/** The states in which a version that is due takes the place of the candidate. */
const OPEN: readonly RolloutState[] = ['idle', 'preparing', 'verifying', 'stepping']

/**
 * Orders versions of a rollout as they are due: a next version starts in advance, and proves itself once it is due as active.
 *
 * Each version is ordered at most once as next and once as active, until the list changes.
 */
export class FollowedRollout<Req, Res> implements Follower {
  readonly #rollout: Rollout<Req, Res>
  readonly #logger: Logger
  readonly #pair$ = new BehaviorSubject<VersionPair>(NONE)
  /** The orders given since the list changed: `next 2.0.0`, `active 2.0.0`. */
  readonly #ordered = new Set<string>()
  /** How many orders of this schedule have not ended. */
  #underWay = 0

  constructor(rollout: Rollout<Req, Res>, logger: Logger) {
    this.#rollout = rollout
    this.#logger = logger
  }

  listChanged(): void {
    this.#ordered.clear()
  }

  follow(pair: VersionPair): void {
    this.#pair$.next(pair)
    this.look()
  }

  /** Orders what is due, if the rollout takes orders now. */
  look(): void {
    const { active, next } = this.#pair$.value
    const { state, candidate, permanent } = this.#rollout.status()
    const isServing = active !== null && active === permanent
    // It has proved itself. An order by hand that takes its place stays until the pair or the list changes.
    if (isServing) this.#ordered.add(`active ${active}`)
    if (active !== null && !isServing && OPEN.includes(state) && candidate !== active) this.#prove(active)
    if (next !== null && state === 'idle' && this.#underWay === 0) this.#prewarm(next)
  }

  /** Cancels what has been started in advance. What is due goes on. */
  end(): void {
    this.#pair$.next(NONE)
    this.#pair$.complete()
  }

  #prove(version: string): void {
    this.#order(`active ${version}`, version, () => this.#rollout.to(version))
  }

  #prewarm(version: string): void {
    this.#order(`next ${version}`, version, () => {
      const due$ = this.#pair$.pipe(filter(({ active }) => active === version))
      const isDue = firstValueFrom(due$).then(() => {
        const { state, candidate } = this.#rollout.status()
        const isWaiting = candidate === version && (state === 'preparing' || state === 'verifying')
        if (isWaiting) this.#ordered.add(`active ${version}`)
      })
      isDue.catch(() => {})
      const controller = new AbortController()
      const early$ = this.#pair$.pipe(takeWhile(({ active }) => active !== version))
      early$
        .pipe(
          filter(({ next }) => next !== version),
          take(1),
        )
        .subscribe(() => {
          controller.abort(new Error(`The schedule does not have version ${version} as next any more.`))
        })
      return this.#rollout[HOLD](version, isDue, controller.signal)
    })
  }

  #order(key: string, version: string, order: () => Promise<unknown>): void {
    if (this.#ordered.has(key)) return
    this.#ordered.add(key)
    this.#logger.info({ version }, `the schedule orders a version as ${key.split(' ')[0]}`)
    this.#underWay++
    order().then(
      () => this.#ended(),
      (err: unknown) => {
        // Another order was promoted meanwhile. The next event of the rollout, or the next time, tries again.
        if (isCutoverError(err, 'CUTOVER_ROLLOUT_STATE')) {
          this.#ordered.delete(key)
          this.#underWay--
          return
        }
        this.#logger.warn({ version, err }, 'a version of the schedule does not stay')
        this.#ended()
      },
    )
  }

  #ended(): void {
    this.#underWay--
    this.look()
  }
}
