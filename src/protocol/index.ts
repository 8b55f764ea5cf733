/** `cutover/protocol`: the Runtime Host Protocol, for custom hosts and guests. */
export { Connection } from './connection.js'
export type { ConnectionOptions, RequestOptions, Role } from './connectionOptions.js'
export type { RequestContext } from './incomingRequest.js'
export type { RequestHandlers } from './incomingRequests.js'
export { type Body, PROTOCOL_VERSION } from './messages.js'
export { DEFAULT_MAX_FRAME_BYTES, FrameDecoder } from './transports/frames.js'
export { MessageReader } from './transports/messageReader.js'
export { MessageWriter } from './transports/messageWriter.js'
export { openPort, type PortTransportOptions } from './transports/portTransport.js'
export { openSocket, type SocketTransportOptions } from './transports/socketTransport.js'
export {
  type MessageId,
  type MessageType,
  type OpenTransport,
  type Transport,
  type TransportObserver,
  UnreadablePayload,
} from './transports/transport.js'
export { EncodedCbor } from './values/encodedCbor.js'
