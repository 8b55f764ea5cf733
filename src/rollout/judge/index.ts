/** Decides whether a candidate is as good as the active version. Pure: no timers. */
export { createJudge } from './createJudge.js'
export { type CompiledHealth, compileHealth, type HealthOptions } from './healthOptions.js'
export type { HealthFunction, HealthSample, SampledDurations, SampledVersion } from './healthSample.js'
export {
  CROSSING_CALLS,
  CROSSING_PERCENT,
  type History,
  type Judge,
  type JudgeReport,
  type Phase,
  type RoutedCall,
  type Tally,
  type Verdict,
} from './judge.js'
