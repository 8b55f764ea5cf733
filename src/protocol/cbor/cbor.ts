import { type CborContext, CborDecoder } from './cborDecoder.js'

export interface Decoded {
  readonly value: unknown
  /** The number of items of the message so far. */
  readonly items: number
  /** The number of bytes of the value. */
  readonly length: number
  /** Why a part of the value is missing: it was nested too deep, or is no valid value of its type. */
  readonly unreadable: Error | undefined
}

/** Decodes `bytes` as one item. @throws Error as {@link CborDecoder.read}, and for trailing bytes */
export function decodeCbor(bytes: Uint8Array, context: CborContext): Decoded {
  const decoded = decodeFirstCbor(bytes, context)
  checkEnd(bytes, decoded.length)
  return decoded
}

/** Decodes the first item of `bytes`. @throws Error as {@link CborDecoder.read} */
export function decodeFirstCbor(bytes: Uint8Array, context: CborContext): Decoded {
  const decoder = new CborDecoder(bytes, context)
  const value = decoder.read()
  return { value, items: decoder.items, length: decoder.at, unreadable: decoder.unreadable }
}

/** Counts the items below one encoded value. @throws Error if the bytes are not exactly one well-formed item */
export function countItems(bytes: Uint8Array, hasTags: boolean): number {
  // A Buffer would be decoded in part by methods of its own.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const decoder = new CborDecoder(plain, { level: 0, items: 0, maxItems: Number.POSITIVE_INFINITY, hasTags })
  decoder.skip()
  checkEnd(bytes, decoder.at)
  return decoder.items
}

function checkEnd(bytes: Uint8Array, at: number): void {
  if (at !== bytes.length) throw new Error(`Invalid CBOR: ${bytes.length - at} bytes follow the item.`)
}
