/** The states of a rollout that are saved. */
export const SAVED_STATES = [
  'idle',
  'preparing',
  'verifying',
  'stepping',
  'promoting',
  'soaking',
  'finishing',
  'rejecting',
  'reverting',
] as const

/** One of {@link SAVED_STATES}. */
export type SavedState = (typeof SAVED_STATES)[number]

/** The record that outlives the process. Versions are canonical SemVer. */
export interface RolloutRecord {
  /** The last version that proved itself; null before the first one has. After a crash this one comes up again. */
  readonly permanent: string | null
  /** The permanent version before it. */
  readonly previous: string | null
  /** The version that is being rolled out; null if there is none. */
  readonly candidate: string | null
  /** The state of the rollout. */
  readonly state: SavedState
  /** The time when it came into this state, in ISO 8601. */
  readonly since: string
}

/**
 * Keeps one {@link RolloutRecord}. {@link fileStore} keeps it in a file; write your own for a database.
 *
 * A rollout opens its store before it does anything else, and saves before it acts on what it saves.
 */
export interface RolloutStore {
  /**
   * Takes the store for this process, and resolves with the last record; undefined if nothing was saved yet. Rejects if the
   * record cannot be read, or if another process has the store. Then nothing is taken.
   */
  open(): Promise<RolloutRecord | undefined>
  /** Replaces the record. Resolves once it outlives a crash. Called one at a time; a rejection leaves the last record. */
  save(record: RolloutRecord): Promise<void>
  /** Gives the store back. Then another process may open it. */
  close(): Promise<void>
}
