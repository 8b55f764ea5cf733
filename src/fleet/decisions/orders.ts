/** The records that an operator's orders lead to. */
import { CutoverError } from '../../contract/index.js'
import { FORMAT, isRolling, type Wanted, type Wave } from '../record/wanted.js'
import { halted } from './decide.js'
import { membersOf } from './order.js'
import type { SeenNode } from './view.js'

/** An order of a version, validated. */
export interface FleetDeployment {
  readonly version: string
  readonly waves: readonly Wave[]
  readonly maxFailed: number
  /** The version to go back to; undefined: the one that is permanent in the fleet. */
  readonly previous: string | null | undefined
  /** Whether it takes the place of a rollout that is under way. */
  readonly force: boolean
}

/** @throws CutoverError `CUTOVER_FLEET_STATE` */
export function deployed(
  wanted: Wanted | null,
  { version, waves, maxFailed, previous, force }: FleetDeployment,
  nodes: readonly SeenNode[],
  asOf: number,
): Wanted {
  if (wanted !== null && isRolling(wanted) && !force) {
    throw refusal(
      `version ${wanted.version} is under way, in wave ${wanted.wave + 1} of ${wanted.waves.length}. Halt it first, or deploy with force`,
    )
  }
  const members = membersOf(nodes, version, waves[0]?.percent ?? 100, asOf)
  if (members === null) throw refusal('no node is registered. Start the nodes first: they join with joinFleet()')
  return {
    format: FORMAT,
    version,
    previous: previous === undefined ? permanentIn(wanted, nodes) : previous,
    epoch: (wanted?.epoch ?? 0) + 1,
    wave: 0,
    waves,
    members,
    maxFailed,
    paused: false,
    reason: null,
  }
}

/**
 * The version that is permanent in a fleet. Before its first record: the one that all nodes run.
 *
 * @throws CutoverError `CUTOVER_FLEET_STATE` if they run different ones: a halt would have none to go back to
 */
function permanentIn(wanted: Wanted | null, nodes: readonly SeenNode[]): string | null {
  if (wanted !== null) return isRolling(wanted) ? wanted.previous : wanted.version
  const versions = new Set(nodes.map(({ entry }) => entry?.version ?? null))
  const running = [...versions].filter(version => version !== null)
  if (running.length > 1)
    throw refusal(`its nodes run different versions, ${running.join(' and ')}. Name the one to go back to: previous`)
  const [only = null] = versions
  return versions.size === 1 ? only : null
}

/** @throws CutoverError `CUTOVER_FLEET_STATE` */
export function paused(wanted: Wanted | null): Wanted {
  const rolling = rollingOf(wanted)
  if (rolling.paused) throw refusal('it is paused already')
  return { ...rolling, paused: true }
}

/** @throws CutoverError `CUTOVER_FLEET_STATE` */
export function resumed(wanted: Wanted | null): Wanted {
  const rolling = rollingOf(wanted)
  if (!rolling.paused) throw refusal('it is not paused')
  return { ...rolling, paused: false }
}

/** @throws CutoverError `CUTOVER_FLEET_STATE` */
export function haltedBy(wanted: Wanted | null, reason: string): Wanted {
  return halted(rollingOf(wanted), reason)
}

function rollingOf(wanted: Wanted | null): Wanted {
  if (wanted !== null && isRolling(wanted)) return wanted
  const where = wanted === null ? 'the fleet has no record' : `the fleet is at version ${wanted.version}`
  throw refusal(`nothing is under way: ${where}. Deploy the version that you want`)
}

function refusal(where: string): CutoverError {
  return new CutoverError('CUTOVER_FLEET_STATE', `This is not possible: ${where}.`)
}
