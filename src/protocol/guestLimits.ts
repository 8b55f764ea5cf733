import { invalidOption, positive } from '../contract/index.js'
import { DEFAULT_MAX_HOST_REQUEST_BYTES, DEFAULT_MAX_HOST_REQUESTS, DEFAULT_MAX_MESSAGE_ITEMS } from './limits.js'
import { DEFAULT_MAX_FRAME_BYTES } from './transports/frames.js'

/** Enough for the handshake. */
const MIN_FRAME_BYTES = 1_024
/** The length field of a frame has 32 bits. */
const MAX_FRAME_BYTES = 4_294_967_295
/** Enough for the handshake, and for an error that reports an exceeded limit. */
const MIN_MESSAGE_ITEMS = 100

/** The limits that a host sets for its guest. A guest of this library knows them and stays within them. */
export interface GuestLimits {
  readonly maxFrameBytes: number
  readonly maxMessageItems: number
  readonly maxHostRequests: number
  readonly maxHostRequestBytes: number
}

/** {@link GuestLimits} as options. */
export type GuestLimitOptions = { readonly [name in keyof GuestLimits]?: GuestLimits[name] | undefined }

/**
 * Validates the limits and fills in the defaults.
 *
 * @param defaultFrameBytes - the default of `maxFrameBytes`
 * @throws CutoverError `CUTOVER_INVALID_OPTION`
 */
export function compileLimits(options: GuestLimitOptions, defaultFrameBytes = DEFAULT_MAX_FRAME_BYTES): GuestLimits {
  const { maxFrameBytes, maxMessageItems, maxHostRequests, maxHostRequestBytes } = options
  return {
    maxFrameBytes: frameBytesOf(maxFrameBytes, defaultFrameBytes),
    maxMessageItems: itemsOf(maxMessageItems),
    maxHostRequests: positive('maxHostRequests', maxHostRequests, DEFAULT_MAX_HOST_REQUESTS),
    maxHostRequestBytes: positive('maxHostRequestBytes', maxHostRequestBytes, DEFAULT_MAX_HOST_REQUEST_BYTES),
  }
}

function frameBytesOf(maxFrameBytes: number | undefined, otherwise: number): number {
  const bytes = positive('maxFrameBytes', maxFrameBytes, otherwise)
  if (bytes >= MIN_FRAME_BYTES && bytes <= MAX_FRAME_BYTES) return bytes
  throw invalidOption('maxFrameBytes', `from ${MIN_FRAME_BYTES} to ${MAX_FRAME_BYTES}`, bytes)
}

function itemsOf(maxMessageItems: number | undefined): number {
  const items = positive('maxMessageItems', maxMessageItems, DEFAULT_MAX_MESSAGE_ITEMS)
  if (items >= MIN_MESSAGE_ITEMS) return items
  throw invalidOption('maxMessageItems', `${MIN_MESSAGE_ITEMS} or more`, items)
}
