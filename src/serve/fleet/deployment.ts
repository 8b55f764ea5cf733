/** How a deployment goes, from what an operator sees of the fleet. */
import type { FleetNodeStatus, FleetStatus, Wanted } from '../../fleet/index.js'

/** The record with which a deployment began. */
export type Deployed = Pick<Wanted, 'version' | 'epoch'>

/**
 * `before`: the status is older than the deployment; `halted`: the fleet goes back; `replaced`: another deployment has taken its
 * place.
 */
export type Course = 'before' | 'rolling' | 'permanent' | 'halted' | 'replaced'

export function courseOf({ state, wanted }: FleetStatus, { version, epoch }: Deployed): Course {
  if (wanted === null || wanted.epoch < epoch) return 'before'
  if (wanted.epoch === epoch) return state === 'permanent' ? 'permanent' : 'rolling'
  const isOwnHalt = wanted.epoch === epoch + 1 && wanted.reason !== null && wanted.previous === version
  return isOwnHalt ? 'halted' : 'replaced'
}

/** How the nodes stand to the version that the record wants. A silent node comes to it when it is back. */
export interface Arrival {
  readonly there: readonly FleetNodeStatus[]
  readonly moving: readonly FleetNodeStatus[]
  readonly failed: readonly FleetNodeStatus[]
  readonly silent: readonly FleetNodeStatus[]
}

export function arrivalOf({ wanted, nodes }: FleetStatus): Arrival {
  const goal = wanted?.version ?? null
  const isThere = ({ version, state }: FleetNodeStatus) => goal === null || (version === goal && state !== 'moving')
  const silent = nodes.filter(node => node.alive === false && !isThere(node))
  const others = nodes.filter(node => !silent.includes(node) && !isThere(node))
  return {
    there: nodes.filter(isThere),
    moving: others.filter(({ state }) => state !== 'failed'),
    failed: others.filter(({ state }) => state === 'failed'),
    silent,
  }
}
