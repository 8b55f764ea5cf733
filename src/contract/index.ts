/** The interfaces, events and errors of runtimes, and the validation of options. Every folder may import it. */
export type { Role } from '../../machines/index.js'
export { assertRuntime } from './assertRuntime.js'
export {
  CALL_CHANNEL,
  type CallMessage,
  type CallRole,
  EVENT_CHANNEL,
  type EventMessage,
  INSTANCE_CHANNEL,
  type InstanceMessage,
  SWITCH_CHANNEL,
  type SwitchMessage,
} from './channels.js'
export { type Clock, systemClock, validClock, wrapClock } from './clock.js'
export {
  asError,
  CutoverError,
  describe,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  isCutoverError,
  withoutFullStop,
} from './errors.js'
export {
  type FetchModule,
  type HttpHeaders,
  type HttpMessage,
  type HttpRequestHead,
  type HttpResponseHead,
  inPairs,
  inTurn,
  isHttpMessage,
  MAX_WHOLE_BODY,
} from './http.js'
export {
  below,
  type Inspect,
  type Inspectable,
  type Inspection,
  inspection,
  inspectSafely,
  MovableInspection,
  SESSION_ID,
  SHOWN_BELOW,
  shownBelow,
} from './inspection.js'
export { type Logger, safeLogger, validLogger } from './logger.js'
export { POOL_STATUS, type Pooled, type PoolStatus } from './poolStatus.js'
export {
  type AbortOptions,
  type CallOptions,
  type CapabilityTEE,
  MAIN_COMPONENT,
  type Runtime,
  type RuntimeEvent,
  type RuntimeInfo,
  readEvent,
  type SetVersionOptions,
  type Transferable,
  type WhenRunningOptions,
} from './runtime.js'
export type { CallContext, RuntimeContext, RuntimeModule } from './runtimeModule.js'
export { DEFAULT_STREAM_TIMEOUT, type MakeStream, type StreamSource, type StreamWithHead } from './streams.js'
export {
  boolean,
  count,
  duration,
  durationOrInfinity,
  invalidOption,
  limitOrInfinity,
  MAX_TIMEOUT,
  number,
  object,
  optionalFunction,
  positive,
  signalOf,
  strings,
  text,
} from './validate.js'
export { byPrecedence, canonical, isSameVersion, type SemVer, type VersionLike } from './version.js'
