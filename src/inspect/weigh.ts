/** How many values are looked at; what holds more is heavy. */
const VALUES = 256
/** About how many bytes the heaviest of light values has. */
const HEAVY = 65_536

/**
 * About how many bytes a value keeps in memory; undefined when it is heavy, or too large to tell at once. Takes a few
 * microseconds at most, and never throws.
 */
export function weigh(...values: readonly unknown[]): number | undefined {
  const queue: unknown[] = [...values]
  let bytes = 0
  try {
    for (let looked = 0; queue.length > 0; looked++) {
      if (looked === VALUES) return undefined
      bytes += weightOf(queue.pop(), queue)
      if (bytes > HEAVY || queue.length > VALUES) return undefined
    }
  } catch {
    return undefined
  }
  return bytes
}

function weightOf(value: unknown, queue: unknown[]): number {
  if (typeof value === 'string') return value.length * 2 + 16
  if (typeof value === 'bigint') return value > -LARGE && value < LARGE ? 32 : HEAVY
  if (typeof value !== 'object' || value === null) return 16
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength + 64
  if (Array.isArray(value)) {
    if (value.length > VALUES) return HEAVY + 1
    queue.push(...value)
    return 32
  }
  if (value instanceof Map || value instanceof Set) return value.size > 0 ? HEAVY + 1 : 64
  // Such as another actor, which is there for other reasons.
  if ('toJSON' in value) return 64
  let keys = 0
  for (const key in value) {
    if (++keys > VALUES) return HEAVY + 1
    queue.push((value as Record<string, unknown>)[key])
  }
  return 32 + keys * 16
}

const LARGE = 2n ** 64n
