/** `cutover`: host several versions of one runtime, and switch between them without losing a call. */
export type { Handover, VersionPair, VersionState } from '../machines/index.js'
export { Aggregate } from './aggregate/aggregate.js'
export type { Clock } from './contract/clock.js'
export { CutoverError, ERROR_CODES, type ErrorCode, type ErrorDetails, isCutoverError } from './contract/errors.js'
export type { Inspect } from './contract/inspection.js'
export type { Logger } from './contract/logger.js'
export type { AggregateOptions } from './aggregate/options.js'
export type {
  AbortOptions,
  CallOptions,
  CapabilityTEE,
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  WhenRunningOptions,
} from './contract/runtime.js'
export type { AggregateState, AggregateStatus, VersionStatus } from './aggregate/status.js'
export type { SemVer, VersionLike } from './contract/version.js'
