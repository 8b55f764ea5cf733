import type { Transferable } from '../runtime.js'

/** A message is a request, which is answered by one response with the same id, or that response. */
export const REQUEST = 1
export const RESPONSE = 2
export type MessageType = typeof REQUEST | typeof RESPONSE

/** Ids are chosen by the side that asks; from the wire, one above 2^53 is a bigint. */
export type MessageId = number | bigint

/** What carries the messages of a connection: frames on a socket, or structured clones on a port. */
export interface Transport {
  /** Sends one message; messages leave in order. Throws when the payload cannot be encoded: then nothing is sent. */
  send(id: MessageId, type: MessageType, kind: string, payload: unknown, transfer?: readonly Transferable[]): void
  /** The other side does not keep up: send nothing that can wait, until {@link TransportObserver.drained}. */
  readonly isCongested: boolean
  /** Sends what is left, then ends. Nothing is observed any more. */
  close(): void
}

export interface TransportObserver {
  message(id: MessageId, type: MessageType, kind: string, payload: unknown): void
  drained(): void
  /** Nothing more will come. `error`: what was wrong with what came, or with the channel. Said once. */
  ended(error: Error | undefined): void
}

/** Opens a transport that is heard by `observer`. */
export type OpenTransport = (observer: TransportObserver) => Transport
