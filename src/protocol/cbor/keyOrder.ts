const FEW_KEYS = 16

/** Sorts ASCII keys in canonical order: by length, then bytewise. Up to 16 keys, insertion sort is faster than sort(). */
export function sorted(keys: string[]): string[] {
  if (keys.length > FEW_KEYS) return keys.sort((a, b) => (isBefore(a, b) ? -1 : 1))
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i] as string
    let gap = i
    for (; gap > 0 && isBefore(key, keys[gap - 1] as string); gap--) keys[gap] = keys[gap - 1] as string
    keys[gap] = key
  }
  return keys
}

/** Whether an ASCII key precedes another one in canonical CBOR. */
export function isBefore(key: string, other: string): boolean {
  return key.length === other.length ? key < other : key.length < other.length
}
