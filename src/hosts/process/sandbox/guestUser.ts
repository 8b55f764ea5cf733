import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'

/**
 * Where nobody has numbers of users: systemd and containers stay below, and no tool goes above 2^31 - 1.
 * https://systemd.io/UIDS-GIDS
 */
const UNUSED = { from: 0x7000_0000, to: 0x7fff_fffe } as const
/** The user that owns nothing, on every Linux. */
const NOBODY = 65_534

/**
 * The number of a user, and of a group, for one guest: they belong to no account, so that no other program shares them. In
 * a user namespace that has no such numbers it is nobody.
 */
export function guestUser(): number {
  return ['uid', 'gid'].every(kind => hasUnused(`/proc/self/${kind}_map`)) ? randomInt(UNUSED.from, UNUSED.to) : NOBODY
}

/** Each line: the first number inside, the first outside, how many. */
function hasUnused(map: string): boolean {
  try {
    return readFileSync(map, 'utf8')
      .trim()
      .split('\n')
      .map(line => line.trim().split(/\s+/).map(Number))
      .some(([first = 0, , count = 0]) => first <= UNUSED.from && first + count > UNUSED.to)
  } catch {
    return false
  }
}
