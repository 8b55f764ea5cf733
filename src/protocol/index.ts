/** `cutover/protocol`: the Runtime Host Protocol, for those who write hosts or guests of their own. */
export { Connection, type ConnectionOptions, type RequestOptions, type Role } from './connection.js'
export { DEFAULT_MAX_FRAME_BYTES, FrameDecoder } from './frames.js'
export type { Answering } from './incoming.js'
export type { RequestContext } from './incomingRequest.js'
export { MessageReader } from './messageReader.js'
export { type Body, PROTOCOL_VERSION } from './messages.js'
export { MessageWriter } from './messageWriter.js'
export { openPort, type PortTransportOptions } from './portTransport.js'
export { openSocket, type SocketTransportOptions } from './socketTransport.js'
export {
  type MessageId,
  type MessageType,
  type OpenTransport,
  type Transport,
  type TransportObserver,
  Unreadable,
} from './transport.js'
