import { fileStore, type RolloutRecord, type RolloutStore } from '../../rollout/index.js'
import type { Releases } from './releases.js'

/** Keeps the record of the rollout. A release is on the disk before the record says that it is permanent. */
export class ReleaseStore implements RolloutStore {
  readonly #store: RolloutStore
  readonly #releases: Releases
  readonly #opened: () => void
  /** The version that the record on the disk names. */
  #permanent: string | null = null

  /** @param opened - is called once the store is locked */
  constructor(path: string, releases: Releases, opened: () => void) {
    this.#store = fileStore(path)
    this.#releases = releases
    this.#opened = opened
  }

  async open(): Promise<RolloutRecord | undefined> {
    const record = await this.#store.open()
    this.#permanent = record?.permanent ?? null
    this.#opened()
    return record
  }

  async save(record: RolloutRecord): Promise<void> {
    const { permanent } = record
    if (permanent !== null && permanent !== this.#permanent) await this.#releases.sync(permanent)
    await this.#store.save(record)
    this.#permanent = permanent
  }

  close(): Promise<void> {
    return this.#store.close()
  }
}
