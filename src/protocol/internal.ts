/** Parts of the protocol that only the library's own hosts and guests use. */
export { isEncodable } from './cbor/encodable.js'
export { compileLimits, type GuestLimitOptions, type GuestLimits } from './guestLimits.js'
export { type InfoRequest, infoAnswer, parseInfoRequest, parseInfoResponse, parseRole, runtimeIdOf } from './info.js'
export { UnreadBytesError } from './limits.js'
export {
  ABORT_REQUEST,
  ABORT_RESPONSE,
  EMPTY,
  INFO_REQUEST,
  INFO_RESPONSE,
  PING_REQUEST,
  ROLE_FEATURE,
  ROLE_REQUEST,
  SHUTDOWN_REQUEST,
  STREAMS_FEATURE,
  TRACEPARENT_FEATURE,
} from './messages.js'
export { chunkBytesIn } from './streams/credit.js'
export { HEADER_BYTES, OASIS_MAX_FRAME_BYTES, TruncatedError } from './transports/frames.js'
export { whyNotCloneable } from './transports/notCloneable.js'
export {
  HOST_VARIABLE,
  hostNamedIn,
  launchingHost,
  pidNamespace,
  removeSocket,
  socketPrefix,
} from './transports/socketName.js'
export { defaultMaxBufferedBytes } from './transports/socketTransport.js'
export { ONE_WAY, REQUEST } from './transports/transport.js'
export { whyNotSendable } from './values/notSendable.js'
