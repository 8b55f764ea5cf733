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
  InstanceMessage,
  Logger,
  MakeStream,
  PoolStatus,
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  SemVer,
  SetVersionOptions,
  StreamSource,
  StreamWithHead,
  SwitchMessage,
  Transferable,
  VersionLike,
  WhenRunningOptions,
} from './contract/index.js'
export { CutoverError, ERROR_CODES, type ErrorCode, type ErrorDetails, isCutoverError } from './contract/index.js'
export { streamed } from './streams/index.js'
