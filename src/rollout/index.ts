/**
 * `cutover/rollout`: a version that proves itself before, during and after the switch, and goes back by itself.
 *
 * Experimental: names and options may still change in any release.
 */
export type {
  HealthFunction,
  HealthOptions,
  HealthSample,
  JudgeReport,
  SampledDurations,
  SampledVersion,
  Tally,
  Verdict,
} from './judge/index.js'
export type { RolloutOptions } from './options.js'
export type { RolloutPlan, RolloutStep, VerifiedVersion } from './plan.js'
export type { RolloutReport, RolloutResult, StepReport } from './report.js'
export { Rollout, type ToOptions } from './rollout.js'
export { RolloutError } from './rolloutErrors.js'
export { type Deployment, type DueOptions, due, type FollowOptions, follow } from './schedule/index.js'
export type { RolloutEvent, RolloutMessage, RolloutState, RolloutStatus } from './status.js'
export { fileStore, memoryStore, type RolloutRecord, type RolloutStore, type SavedState } from './store/index.js'
