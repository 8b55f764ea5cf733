const FEW_KEYS = 16

/** In canonical order, if all are ASCII: shorter ones first, then by their bytes. Few keys are cheaper sorted here. */
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

/** Whether a key comes before another one in canonical CBOR, both being ASCII. */
export function isBefore(key: string, other: string): boolean {
  return key.length === other.length ? key < other : key.length < other.length
}
