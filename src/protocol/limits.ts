/** The number of items that one message may hold unless told otherwise. */
export const DEFAULT_MAX_MESSAGE_ITEMS = 1_000_000

/** The number of unanswered requests that a host keeps for its guest unless told otherwise. */
export const DEFAULT_MAX_HOST_REQUESTS = 10_000

/** The memory that those requests may take unless told otherwise, in bytes. */
export const DEFAULT_MAX_HOST_REQUEST_BYTES = 32 * 1024 * 1024

/** The bytes that may wait for the other side to read them unless told otherwise. */
export const DEFAULT_MAX_BUFFERED_BYTES = 64 * 1024 * 1024

/**
 * Arrays and maps in a payload may be nested this deep. Both sides encode and decode recursively: 3,000 levels fit on the
 * stack of a main thread, and less is left when the caller has used some of it.
 */
export const MAX_NESTING = 1_000

/** A byte string counts as this many items: a `Uint8Array` takes 200 bytes of heap, any other item 20 to 70. */
export const ITEMS_PER_BYTE_STRING = 4

/** The heap that one decoded item takes, for estimates. */
export const BYTES_PER_ITEM = 64

/** A message holds more items than its reader, or the reader of the other side, takes. */
export class TooManyItemsError extends RangeError {
  override readonly name = 'TooManyItemsError'

  constructor(maxItems: number) {
    super(
      `A message of more than ${maxItems} items (maxMessageItems) would take too much memory: ` +
        'send less at once, send numbers as the bytes of a Uint8Array, or raise maxMessageItems.',
    )
  }
}

/** A payload is nested deeper than {@link MAX_NESTING}. */
export class TooDeepError extends RangeError {
  override readonly name = 'TooDeepError'

  constructor() {
    super(`it is nested more than ${MAX_NESTING} levels deep.`)
  }
}

/** More waits for the other side to read it than may wait. */
export class UnreadBytesError extends Error {
  override readonly name = 'UnreadBytesError'

  constructor(maxBufferedBytes: number) {
    super(
      `The other side does not read: more than ${maxBufferedBytes} bytes (maxBufferedBytes) are unsent. ` +
        'Ask for less at once, or raise maxBufferedBytes.',
    )
  }
}

/** The other side has more requests unanswered than it may have. */
export class TooManyRequestsError extends Error {
  override readonly name = 'TooManyRequestsError'

  constructor(maxHostRequestBytes: number) {
    super(
      `Its unanswered requests take more than ${maxHostRequestBytes} bytes (maxHostRequestBytes). ` +
        'Ask for less at once, answer sooner in onHostRequest, or raise maxHostRequestBytes.',
    )
  }
}
