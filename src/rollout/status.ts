import type { RolloutSnapshot } from '../../machines/index.js'
import type { RolloutResult, StepReport } from './report.js'
import type { RolloutError } from './rolloutErrors.js'

/** The states of a rollout. */
export type RolloutState =
  | 'idle'
  | 'preparing'
  | 'verifying'
  | 'stepping'
  | 'promoting'
  | 'soaking'
  | 'finishing'
  | 'reverting'
  | 'rejecting'
  | 'disposed'

/** Where a rollout stands, as plain JSON. */
export interface RolloutStatus {
  /** The id of the aggregate. */
  readonly id: string
  /** Its state. */
  readonly state: RolloutState
  /** While stepping: whether time passes, or the step waits for `advance()` or `resume()`. While soaking: how it watches. */
  readonly phase: 'running' | 'held' | 'paused' | 'watching' | 'crossing' | null
  /** The candidate, canonical SemVer; null if none is under way. */
  readonly candidate: string | null
  /** The version that it replaces. */
  readonly from: string | null
  /** While stepping: the number of the step, from 0. */
  readonly step: number | null
  /** While stepping and soaking: the step, or the part of the soak, as it stands: its calls, failures and evidence. */
  readonly progress: StepReport | null
  /** The version that begins when this rollout has ended. */
  readonly pending: string | null
  /** The last version that proved itself; null if there is none, or the store has not been opened yet. */
  readonly permanent: string | null
  /** The permanent version before it, to which `rollback()` goes. */
  readonly previous: string | null
}

/** The events of `watch()`. */
export type RolloutEvent =
  /** The rollout has come into another state, phase or step. */
  | { readonly type: 'changed'; readonly status: RolloutStatus }
  /** A version stays. */
  | { readonly type: 'promoted'; readonly result: RolloutResult }
  /** A version does not stay. */
  | { readonly type: 'ended'; readonly error: RolloutError }

/** A message of the channel `cutover.rollout` of `node:diagnostics_channel`. */
export interface RolloutMessage {
  /** The id of the aggregate. */
  readonly aggregate: string
  /** The event, as `watch()` emits it. */
  readonly event: RolloutEvent
}

/** The state and the phase of a snapshot. */
export function placeOf({ value }: RolloutSnapshot): Pick<RolloutStatus, 'state' | 'phase'> {
  if (typeof value === 'string') return { state: value, phase: null }
  if ('stepping' in value) return { state: 'stepping', phase: value.stepping }
  return { state: 'soaking', phase: value.soaking }
}

/** Where a rollout stands, as the end of a sentence. */
export function describePlace(snapshot: RolloutSnapshot): string {
  const { state, phase } = placeOf(snapshot)
  const { order, step, isClosing } = snapshot.context
  if (isClosing) return 'the rollout is being disposed of'
  if (order === null) return 'no rollout is under way'
  if (state === 'stepping') return `version ${order.version} is in step ${step + 1}, which is ${phase}`
  return `version ${order.version} is ${state}`
}
