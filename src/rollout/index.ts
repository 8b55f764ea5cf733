/** `cutover/rollout`, experimental: a version that proves itself before, during and after the switch. */
export type { HealthFunction, HealthOptions, HealthSample, SampledDurations, SampledVersion } from './judge/index.js'
export { fileStore, type RolloutRecord, type RolloutStore, type SavedState } from './store/index.js'
