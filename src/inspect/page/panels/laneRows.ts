import type { Actor, Lane } from '../data/index.js'

/** A lane in its place among the others. */
export interface OrderedLane {
  readonly lane: Lane
  /** The name to show. */
  readonly name: string
  /** 0 for a lane that is below none. */
  readonly depth: number
}

type Actors = ReadonlyMap<string, Pick<Actor, 'name' | 'parentId'>>

/** Another program may announce actors in a circle. */
const MAX_STEPS = 20

/**
 * The lanes from the top: the instances of a pool, and the versions of an aggregate inside a version, are below the version that they
 * belong to.
 */
export function orderLanes(lanes: readonly Lane[], actors: Actors): OrderedLane[] {
  const shown = new Map(lanes.map(lane => [lane.sessionId, lane]))
  const below = new Map<Lane | undefined, Lane[]>()
  for (const lane of lanes) {
    const parent = parentOf(lane, shown, actors)
    const siblings = below.get(parent)
    if (siblings === undefined) below.set(parent, [lane])
    else siblings.push(lane)
  }
  const versions = lanes.filter(({ isInstance }) => !isInstance)
  const hasManyAggregates = new Set(versions.map(({ parentId }) => parentId)).size > 1
  const nameOf = ({ version, parentId, isInstance }: Lane, hasParent: boolean) => {
    const above = actors.get(parentId ?? '')?.name.replace(/^(?:aggregate|pool) /, '') ?? ''
    if (isInstance ? hasParent : !hasManyAggregates) return version
    // A component below its composite needs only its own name.
    return `${hasParent ? above.replace(/^.*\//, '') : above} ${version}`
  }
  const ordered: OrderedLane[] = []
  const add = (parent: Lane | undefined, depth: number) => {
    for (const lane of below.get(parent) ?? []) {
      ordered.push({ lane, name: nameOf(lane, parent !== undefined), depth })
      add(lane, depth + 1)
    }
  }
  add(undefined, 0)
  return ordered
}

/** The lane of the nearest version above it. */
function parentOf({ parentId }: Lane, shown: ReadonlyMap<string, Lane>, actors: Actors): Lane | undefined {
  let above = parentId
  for (let step = 0; step < MAX_STEPS && above !== undefined; step++) {
    const lane = shown.get(above)
    if (lane !== undefined) return lane
    above = actors.get(above)?.parentId
  }
  return undefined
}
