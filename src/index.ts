/** `cutover`: host several versions of one runtime, and switch between them without losing a call. */
export type { Handover, Role, VersionPair, VersionState } from '../machines/index.js'
export type {
  AggregateMetrics,
  AggregateOptions,
  AggregateState,
  AggregateStatus,
  CallMetrics,
  DurationMetrics,
  MirroredMetrics,
  MirroredOutcomes,
  Outcome,
  UnsentMetrics,
  VersionMetrics,
  VersionStatus,
} from './aggregate/index.js'
export { Aggregate } from './aggregate/index.js'
export type {
  AbortOptions,
  CallMessage,
  CallOptions,
  CallRole,
  CapabilityTEE,
  Clock,
  EventMessage,
  Inspect,
  Logger,
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  SemVer,
  SetVersionOptions,
  SwitchMessage,
  Transferable,
  VersionLike,
  WhenRunningOptions,
} from './contract/index.js'
export { CutoverError, ERROR_CODES, type ErrorCode, type ErrorDetails, isCutoverError } from './contract/index.js'
