/** The default of `maxMessageItems`. */
export const DEFAULT_MAX_MESSAGE_ITEMS = 1_000_000

/** The default of `maxHostRequests`. */
export const DEFAULT_MAX_HOST_REQUESTS = 10_000

/** The default of `maxHostRequestBytes`. */
export const DEFAULT_MAX_HOST_REQUEST_BYTES = 32 * 1024 * 1024

/** The default of `maxBufferedBytes`, unless `maxFrameBytes` is large. */
export const DEFAULT_MAX_BUFFERED_BYTES = 64 * 1024 * 1024

/**
 * The deepest nesting of arrays and maps in a payload. Both sides encode and decode recursively: 3,000 levels fit on an
 * empty stack of a main thread, and the caller may have used part of it.
 */
export const MAX_NESTING = 1_000

/** A byte string counts as four items: a `Uint8Array` takes 200 bytes of heap, any other item 20 to 70. */
export const ITEMS_PER_BYTE_STRING = 4

/** The estimated heap of one decoded item. */
export const BYTES_PER_ITEM = 64

/** A message holds more items than its receiver accepts. */
export class TooManyItemsError extends RangeError {
  override readonly name = 'TooManyItemsError'

  constructor(maxItems: number) {
    super(
      `A message has more than ${maxItems} items (maxMessageItems). ` +
        'Send smaller messages, send numbers as the bytes of a Uint8Array, or raise maxMessageItems.',
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

/** More than `maxBufferedBytes` are unread. */
export class UnreadBytesError extends Error {
  override readonly name = 'UnreadBytesError'

  constructor(maxBufferedBytes: number) {
    super(
      `The other side does not read: more than ${maxBufferedBytes} bytes (maxBufferedBytes) are unread. ` +
        'Request less at once, or raise maxBufferedBytes.',
    )
  }
}

/** The unanswered requests of the other side take more than `maxHostRequestBytes`. */
export class TooManyRequestsError extends Error {
  override readonly name = 'TooManyRequestsError'

  constructor(maxHostRequestBytes: number) {
    super(
      `The unanswered requests of the guest take more than ${maxHostRequestBytes} bytes (maxHostRequestBytes). ` +
        'Send fewer requests at once, answer sooner in onHostRequest, or raise maxHostRequestBytes.',
    )
  }
}
