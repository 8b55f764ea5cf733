import type { Transferable } from '../../contract/index.js'

/** A message is a request, which is answered by one response with the same id, or that response. */
export const REQUEST = 1
export const RESPONSE = 2
export type MessageType = typeof REQUEST | typeof RESPONSE

/** Ids are chosen by the side that asks; from the wire, one above 2^53 is a bigint. */
export type MessageId = number | bigint

/** In place of a payload that came and cannot be read: it costs its request, and no other. */
export class UnreadablePayload {
  readonly error: Error

  constructor(error: Error) {
    this.error = error
  }
}

/** What carries the messages of a connection: frames on a socket, or structured clones on a port. */
export interface Transport {
  /** Sends one message; messages leave in order. Throws when the payload cannot be encoded: then nothing is sent. */
  send(id: MessageId, type: MessageType, kind: string, payload: unknown, transfer?: readonly Transferable[]): void
  /** The other side does not keep up: send nothing that can wait, until {@link TransportObserver.drained}. */
  readonly isCongested: boolean
  /** The memory that all messages so far take on the other side, in bytes, by estimate. @default not known */
  readonly sentBytes?: number
  /** Sends what is left, then ends. Nothing is observed any more. */
  close(): void
}

export interface TransportObserver {
  /**
   * @param payload - the payload, or {@link UnreadablePayload}
   * @param size - the memory that the message takes, in bytes, by estimate, where the transport knows it
   */
  message(id: MessageId, type: MessageType, kind: string, payload: unknown, size?: number): void
  /** The other side has read what made the transport congested. */
  drained(): void
  /**
   * A message that {@link Transport.send} took cannot be sent after all. @default what is said here ends the connection
   */
  sendFailed?(id: MessageId, type: MessageType, error: Error): void
  /** Nothing more will come. `error`: what was wrong with what came, or with the channel. Said once. */
  ended(error: Error | undefined): void
}

/** Opens a transport that is heard by `observer`. */
export type OpenTransport = (observer: TransportObserver) => Transport
