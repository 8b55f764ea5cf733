/** The order of the nodes of a fleet for one version, and the waves that follow from it. */
import { fmix32, fnv1a } from '../../support/index.js'
import type { Members } from '../record/wanted.js'

/** A registered node. */
export interface Registered {
  readonly name: string
  /** The revision at which it was registered. */
  readonly joined: number
}

/** The place of a node: the same for all that ask, and another one for each version. */
export function placeOf(node: string, version: string): number {
  return fmix32(fnv1a(node, fnv1a(`${version}\0`)))
}

/** A test for whether a node may run the version: it was registered in time, and comes before the last one, or is that. */
export function membership(version: string, members: Members | null): (node: Registered) => boolean {
  if (members === null) return () => false
  const { last, asOf } = members
  const end = placeOf(last, version)
  return ({ name, joined }) => {
    if (joined > asOf) return false
    const place = placeOf(name, version)
    // Nodes of the same place go by name.
    return place === end ? name <= last : place < end
  }
}

/** How many of `count` nodes a wave has. */
export function sizeOf(percent: number, count: number): number {
  // Without rounding, 7 % of 100 would be 7.000000000000001, and 8 nodes.
  return Math.max(1, Math.ceil(Math.round(percent * count * 1e6) / 1e8))
}

/**
 * The members of a wave: the first of the registered nodes, in the order of the version. Null without a node.
 *
 * @param asOf - the revision up to which all registrations are known
 */
export function membersOf(
  nodes: readonly Registered[],
  version: string,
  percent: number,
  asOf: number,
): Members | null {
  const placed = nodes.map(({ name }) => ({ name, place: placeOf(name, version) }))
  placed.sort((a, b) => a.place - b.place || (a.name < b.name ? -1 : 1))
  const last = placed[sizeOf(percent, placed.length) - 1]
  return last === undefined ? null : { last: last.name, asOf }
}
