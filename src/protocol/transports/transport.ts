import type { Transferable } from '../../contract/index.js'

/** The type of a request. */
export const REQUEST = 1
/** The type of the response with the id of its request. */
export const RESPONSE = 2
/** The type of a message that nobody answers. Its id is that of the call that it is about. */
export const ONE_WAY = 3
/** The type of a message: 1 for a request, 2 for a response, 3 for a one-way message about a call. */
export type MessageType = typeof REQUEST | typeof RESPONSE | typeof ONE_WAY

/** The id of a request, chosen by its sender. Ids above 2^53 arrive as bigints. */
export type MessageId = number | bigint

/** Stands for a received payload that cannot be read. It fails its own request only. */
export class UnreadablePayload {
  /** The reason. */
  readonly error: Error

  constructor(error: Error) {
    this.error = error
  }
}

/** Carries the messages of a connection: as frames over a socket, or as structured clones over a port. */
export interface Transport {
  /** Sends one message, in order. If the payload cannot be encoded, throws and sends nothing. */
  send(id: MessageId, type: MessageType, kind: string, payload: unknown, transfer?: readonly Transferable[]): void
  /** The other side does not keep up: hold back calls until {@link TransportObserver.drained}. */
  readonly isCongested: boolean
  /** So much is unwritten that further messages should wait for {@link TransportObserver.drained}. @default isCongested */
  readonly isBehind?: boolean
  /** The estimated memory of all sent messages on the other side, in bytes. @default unknown */
  readonly sentBytes?: number
  /**
   * The size of the last one-way message, in bytes. The receiver gets the same number as its `size`. Streams need it.
   * @default 0
   */
  readonly lastCost?: number
  /** The most bytes of a chunk of a stream. @default 64 KiB */
  readonly maxChunkBytes?: number
  /** Sends the rest, closes the channel, and reports nothing more to the observer. */
  close(): void
}

/** Receives the messages and events of a transport. */
export interface TransportObserver {
  /**
   * Receives one message.
   *
   * @param payload - the payload, or an {@link UnreadablePayload}
   * @param size - its estimated memory, in bytes, if the transport knows it; for a one-way message its cost
   */
  message(id: MessageId, type: MessageType, kind: string, payload: unknown, size?: number): void
  /** The transport is no longer congested. */
  drained(): void
  /** Reports that a message accepted by {@link Transport.send} cannot be sent. @default the connection ends with `error` */
  sendFailed?(id: MessageId, type: MessageType, error: Error): void
  /** Reports the end, once. @param error - the protocol error or channel error, if any */
  ended(error: Error | undefined): void
}

/** Opens a transport that reports to `observer`. */
export type OpenTransport = (observer: TransportObserver) => Transport
