/** A request; an echo answers with the same value. */
export type Request = Readonly<Record<string, unknown>>

/** Requests of one size, and how many of them make a measurement: about 100 ms for a fast contender. */
export interface Payload {
  readonly name: string
  /** Returns a new object each time: a structured clone of many messages copies an object that they share only once. */
  make(): Request
  /** Calls before the measurement, 64 at once: about half a second, until both sides have compiled what they run. */
  readonly warmUp: number
  /** Calls in one measurement of the throughput, 64 at once. */
  readonly many: number
  /** Calls in one measurement of the round trip, one after the other. */
  readonly single: number
  /** Most of its time goes into copying memory, for any contender. No goal is a multiple there. */
  readonly isLarge: boolean
}

const LINE = 'The quick brown fox jumps over the lazy dog: { "name": "fox", "speed": [1, 2, 3] }.\n'
const fields = { id: 123_456, method: 'render', ok: true }

function texts(length: number): () => Request {
  const text = LINE.repeat(Math.ceil(length / LINE.length)).slice(0, length)
  return () => ({ ...fields, text })
}

/** Reuses 100 buffers, more than are in flight at once. */
function bytes(length: number): () => Request {
  const buffers: Uint8Array[] = []
  let next = 0
  return () => {
    const index = next++ % 100
    buffers[index] ??= new Uint8Array(length).fill(index)
    return { ...fields, bytes: buffers[index] }
  }
}

/** About 60 bytes as JSON. */
export const SMALL: Payload = {
  name: '60 B',
  make: texts(5),
  warmUp: 100_000,
  many: 20_000,
  single: 2_000,
  isLarge: false,
}
export const TEXT_4K: Payload = {
  name: '4 kB of text',
  make: texts(4_000),
  warmUp: 40_000,
  many: 10_000,
  single: 1_500,
  isLarge: false,
}
export const TEXT_256K: Payload = {
  name: '256 kB of text',
  make: texts(256_000),
  warmUp: 500,
  many: 500,
  single: 200,
  isLarge: true,
}
export const BYTES_256K: Payload = {
  name: '256 kB of bytes',
  make: bytes(256_000),
  warmUp: 500,
  many: 500,
  single: 200,
  isLarge: true,
}
