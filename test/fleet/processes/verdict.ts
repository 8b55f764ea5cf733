/** Says what was wrong with a rollout of a fleet, from its record and from what its nodes have told. */
import type { FleetNodeSnapshot, Wanted } from 'cutover/fleet'
import type { FleetProcesses } from './fleetProcesses.js'
import type { NodeProcess } from './nodeProcess.js'

export interface Deployed {
  readonly version: string
  readonly epoch: number
  readonly percents: readonly number[]
}

const isRolling = ({ reason, wave, waves }: Wanted) => reason === null && wave < waves.length

/** Whether the node carries out the deployment as a candidate, by its snapshot. */
function isCandidate({ wanted, target }: FleetNodeSnapshot, { version, epoch }: Deployed): boolean {
  return wanted !== null && wanted.epoch === epoch && isRolling(wanted) && target === version
}

/** When the node came into one of these states with the deployment, first. */
function firstAt(node: NodeProcess, deployed: Deployed, states: readonly string[]): number | undefined {
  for (const told of node.told)
    if (told.type === 'snapshot' && isCandidate(told.snapshot, deployed) && states.includes(told.snapshot.state))
      return told.at
  return undefined
}

/** The last wave that was open, from 0; as many as there are, if all have passed. */
export async function waveReached(all: FleetProcesses, { epoch }: Deployed): Promise<number> {
  const revisions = await all.since(epoch)
  return Math.max(...revisions.filter(({ wanted }) => wanted.epoch === epoch).map(({ wanted }) => wanted.wave))
}

/** The faults, as sentences. */
export async function faultsOf(all: FleetProcesses, deployed: Deployed): Promise<string[]> {
  const { version, epoch, percents } = deployed
  const wrong: string[] = []
  const revisions = (await all.since(epoch)).filter(({ wanted }) => wanted.epoch === epoch)
  const waves = revisions.map(({ wanted }) => wanted.wave)
  const isInOrder = waves[0] === 0 && waves.every((wave, at) => at === 0 || wave - (waves[at - 1] ?? 0) <= 1)
  if (!isInOrder) wrong.push(`the waves opened in the order ${waves}`)

  const reached = Math.max(...waves)
  const waveOf = all.waveOf(version, percents)
  const nodes = all.nodes.map(node => ({ node, wave: waveOf.get(node.name) ?? Number.NaN }))
  for (const { node, wave } of nodes) {
    const tried = node.told.some(told => told.type === 'provisioned' && told.version === version)
    if (tried && wave > reached)
      wrong.push(`${node.name} of wave ${wave + 1} tried ${version}: wave ${reached + 1} was the last`)
  }

  for (let later = 1; later < percents.length; later++) {
    const begun = nodes.flatMap(({ node, wave }) =>
      wave === later ? [firstAt(node, deployed, ['announcing', 'moving']) ?? Number.POSITIVE_INFINITY] : [],
    )
    const opened = Math.min(Number.POSITIVE_INFINITY, ...begun)
    for (const { node, wave } of nodes) {
      const began = firstAt(node, deployed, ['announcing', 'moving'])
      const proved = firstAt(node, deployed, ['proven']) ?? Number.POSITIVE_INFINITY
      if (wave < later && began !== undefined && began < opened && proved > opened)
        wrong.push(`wave ${later + 1} began while ${node.name} of wave ${wave + 1} moved`)
    }
  }
  return wrong
}
