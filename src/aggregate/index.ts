/** The control plane and its public face. */
export type { MirroredOutcomes, Outcome } from '../calls/index.js'
export { Aggregate } from './aggregate.js'
export { containsItself } from './aggregateErrors.js'
export { CONTAINS, contains } from './contains.js'
export type {
  AggregateMetrics,
  CallMetrics,
  DurationMetrics,
  MirroredMetrics,
  UnsentMetrics,
  VersionMetrics,
} from './metrics.js'
export { OBSERVE, type Observation } from './observe.js'
export { type AggregateOptions, NAME } from './options.js'
export type { AggregateState, AggregateStatus, VersionStatus } from './status.js'
