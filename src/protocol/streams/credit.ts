/** The credit of a stream to begin with, in bytes. When half of it was taken, it is granted again. */
export const CREDIT_BYTES = 256 * 1024
/** The credit of a stream to begin with, in chunks. */
export const CREDIT_CHUNKS = 16
/** The credit grows up to this, in bytes, while the reader keeps up. */
export const MAX_CREDIT_BYTES = 1024 * 1024
/** The same in chunks. */
export const MAX_CREDIT_CHUNKS = 256
/** The most bytes of a chunk: longer ones are split, so that other messages pass between. */
export const MAX_CHUNK_BYTES = 64 * 1024
/** The most bytes of a frame besides its chunk. */
const CHUNK_OVERHEAD = 64

/** The most bytes of a chunk, so that its frame is no longer than `maxFrameBytes`. */
export function chunkBytesIn(maxFrameBytes: number): number {
  return Math.max(1, Math.min(MAX_CHUNK_BYTES, maxFrameBytes - CHUNK_OVERHEAD))
}

/** The payload of `StreamCredit`: so much more may be sent. */
export interface Credit {
  readonly bytes: number
  readonly chunks: number
}

/** Reads the payload of `StreamCredit`. @throws TypeError for anything else */
export function parseCredit(payload: unknown): Credit {
  const { bytes, chunks }: { readonly bytes?: unknown; readonly chunks?: unknown } = Object(payload)
  if (isCount(bytes) && isCount(chunks)) return { bytes, chunks }
  throw new TypeError('The bytes and chunks of a StreamCredit must be whole numbers from 0 to 4,294,967,295.')
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32
}

/** The chunk exceeds the credit of its stream. */
export class CreditExceededError extends Error {
  override readonly name = 'CreditExceededError'

  constructor(id: number | bigint) {
    super(`Stream ${id} got a chunk beyond its credit. Wait for StreamCredit.`)
  }
}
