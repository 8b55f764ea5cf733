import type { VersionPair } from '../../../machines/index.js'
import type { Aggregate } from '../../aggregate/index.js'
import { byPrecedence, isCutoverError, type Logger } from '../../contract/index.js'
import type { Follower } from './schedule.js'

/** Sets the versions of an aggregate as they are due. */
export class FollowedAggregate<Req, Res> implements Follower {
  readonly #aggregate: Aggregate<Req, Res>
  readonly #logger: Logger
  #last: VersionPair = { active: null, next: null }

  constructor(aggregate: Aggregate<Req, Res>, logger: Logger) {
    this.#aggregate = aggregate
    this.#logger = logger
  }

  follow(pair: VersionPair): void {
    const { active, next } = pair
    if (this.#last.active !== active || this.#last.next !== next) this.#set(pair)
    this.#last = pair
    if (active !== null) this.#removeBelow(active)
  }

  /**
   * A next version without an active one waits until it is due. Before the first version is due, the one that serves stays.
   */
  #set(pair: VersionPair): void {
    const isBefore = this.#last.active === null && pair.active === null
    const active = isBefore ? this.#aggregate.status().wanted.active : pair.active
    const next = pair.next === active ? null : pair.next
    this.#logger.info({ active, next }, 'the schedule asks for other versions')
    this.#aggregate.setVersion(active, next, { promote: false }).catch((err: unknown) => {
      this.#logger.error({ err, active, next }, 'the aggregate refused the versions that are due')
    })
  }

  /** A version that is still stopping leaves by itself, and one that somebody else has made wanted stays. */
  #removeBelow(active: string): void {
    for (const version of this.#aggregate.versions()) {
      if (byPrecedence(version, active) >= 0) return
      try {
        this.#aggregate.removeVersion(version)
      } catch (error) {
        if (!isCutoverError(error)) throw error
      }
    }
  }
}
