import type { Logger } from '../contract/index.js'
import type { RolloutRecord, RolloutStore, SavedState } from './store/index.js'

/** The record of a rollout that outlives the process, and the one way to its store. */
export class Memory {
  readonly #store: RolloutStore
  readonly #logger: Logger
  #opening: Promise<void> | undefined
  #record: RolloutRecord | undefined
  #closed: Promise<void> | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(store: RolloutStore, logger: Logger) {
    this.#store = store
    this.#logger = logger
  }

  get permanent(): string | null {
    return this.#record?.permanent ?? null
  }

  get previous(): string | null {
    return this.#record?.previous ?? null
  }

  /** Opens the store. A second call joins the first, and tries again if that failed. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch(error => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /** Saves the state of a rollout. A failure is logged. */
  note(candidate: string | null, state: SavedState): void {
    if (this.#record?.candidate === candidate && this.#record.state === state) return
    void this.#save({ ...this.#lasting, candidate, state, since: now() })
  }

  /** Saves that `version` is permanent, and tries a second time. @returns whether it was saved */
  async makePermanent(version: string): Promise<boolean> {
    const { permanent, previous } = this.#lasting
    const before = permanent === version ? previous : permanent
    const record = {
      permanent: version,
      previous: before,
      candidate: version,
      state: 'finishing',
      since: now(),
    } as const
    return (await this.#save(record)) || (await this.#save(record))
  }

  /** Saves what is still to be saved, and closes the store, if it was opened. A second call joins the first. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#opening?.catch(() => {})
    await this.#last
    if (this.#opening === undefined) return
    try {
      await this.#store.close()
    } catch (err) {
      this.#logger.error({ err }, 'a rollout store failed to close')
    }
  }

  get #lasting(): Pick<RolloutRecord, 'permanent' | 'previous'> {
    return { permanent: this.permanent, previous: this.previous }
  }

  async #open(): Promise<void> {
    this.#record = await this.#store.open()
    const { candidate, state } = this.#record ?? {}
    if (candidate !== undefined && candidate !== null && state !== 'idle') {
      this.#logger.warn({ version: candidate, state }, 'the last rollout was interrupted by the end of its process')
    }
  }

  /** Saves one record after another. What is remembered here does not depend on whether it could be saved. */
  #save(record: RolloutRecord): Promise<boolean> {
    this.#record = record
    const saved = this.#last.then(async () => {
      try {
        await this.#store.save(record)
        return true
      } catch (err) {
        this.#logger.error({ err, state: record.state }, 'a rollout could not be saved')
        return false
      }
    })
    this.#last = saved
    return saved
  }
}

function now(): string {
  return new Date().toISOString()
}
