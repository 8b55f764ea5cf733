/**
 * The version of a release: `1.4.0-20261128153000.3f9ab1`.
 *
 * @param version - of the package, canonical SemVer
 * @param time - when it was copied, in ms
 * @param hash - SHA-256 of what was copied, in hex
 */
export function nameOf(version: string, time: number, hash: string): string {
  const digits = new Date(time).toISOString().replace(/\D/g, '').slice(0, 14)
  return `${version}${version.includes('-') ? '.' : '-'}${digits}.${shortHash(hash)}`
}

/** SemVer refuses digits alone that begin with 0. */
export function shortHash(hash: string): string {
  const length = Math.max(6, hash.search(/[a-f]/) + 1)
  return hash.slice(0, hash.startsWith('0') ? length : 6)
}

/** The time in the name of a release, in ms. */
export function timeIn(version: string): number {
  const [, ...parts] = /(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.[0-9a-f]+$/.exec(version) ?? []
  const [year = 0, month = 1, ...rest] = parts.map(Number)
  return Date.UTC(year, month - 1, ...rest)
}
