/** `cutover`: host several versions of one runtime, and switch between them without losing a call. */
export type { Handover, VersionPair, VersionState } from '../machines/index.js'
export { Aggregate } from './aggregate.js'
export type { Clock } from './clock.js'
export { CutoverError, ERROR_CODES, type ErrorCode, type ErrorDetails, isCutoverError } from './errors.js'
export type { Inspect } from './inspection.js'
export type { Logger } from './logger.js'
export type { AggregateOptions } from './options.js'
export type {
  AbortOptions,
  CallOptions,
  CapabilityTEE,
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  Transferable,
  WhenRunningOptions,
} from './runtime.js'
export type { AggregateState, AggregateStatus, VersionStatus } from './status.js'
export type { SemVer, VersionLike } from './version.js'
