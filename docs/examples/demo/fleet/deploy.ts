/** Deploys one version to the fleet of the demo, and follows it. */
import type { Fleet, FleetStatus, Wanted } from 'cutover/fleet'
import type { Observable } from 'rxjs'
import type { NodeProcess, Nodes } from './nodes.js'

/** One version that was deployed, and what became of it. */
export interface Deployment {
  readonly version: string
  /** `permanent`, `halted`, or `interrupted`. */
  readonly outcome: string
  readonly reason: string | null
  /** The last wave that was open, from 1. */
  readonly wave: number
  readonly waves: number
  /** The nodes of the first wave. */
  readonly firstWave: readonly string[]
  /** The nodes that have tried it. */
  readonly triedBy: readonly string[]
  /** Until all nodes were where the record wanted them, in ms. */
  readonly duration: number
}

/** The parts that a deployment needs. */
export interface World {
  readonly fleet: Fleet
  readonly nodes: Nodes
  readonly changes$: Observable<void>
  /** ms since the start. */
  now(): number
  /** Prints a line. */
  say(text: string): void
  /** Resolves when it is so. */
  until(is: () => boolean): Promise<unknown>
  /** The last status of the fleet. */
  status(): FleetStatus | null
}

const PERCENTS = [20, 60, 100]

/** @param soak - how long each node keeps the version before, in ms */
export async function deployed(version: string, soak: number, world: World): Promise<Deployment> {
  const { fleet, nodes, changes$, now, say, until, status } = world
  const begun = now()
  const waves = PERCENTS.map(percent => ({ percent, soak }))
  const { epoch } = await fleet.deploy(version, { waves })
  say(`deploy ${version} in ${waves.length} waves`)
  const opened: (readonly string[])[] = []
  const telling = changes$.subscribe(() => {
    const { wanted, state, nodes = [] } = status() ?? {}
    if (wanted?.epoch !== epoch || state !== 'rolling' || opened[wanted.wave] !== undefined) return
    const names = nodes.filter(({ wave }) => wave === wanted.wave).map(({ name }) => name)
    opened[wanted.wave] = names
    say(`wave ${wanted.wave + 1} of ${waves.length}: ${names.join(', ') || 'no further node'}`)
  })
  try {
    await until(() => {
      const wanted = status()?.wanted ?? null
      return wanted !== null && wanted.epoch >= epoch && isOver(wanted) && nodes.all.every(node => isAt(node, wanted))
    })
  } finally {
    telling.unsubscribe()
  }
  const { reason = null } = status()?.wanted ?? {}
  say(reason === null ? `${version} is permanent` : `halted: ${reason}`)
  const revisions = await fleet.history()
  const reached = Math.max(...revisions.flatMap(({ wanted }) => (wanted?.epoch === epoch ? [wanted.wave] : [])))
  return {
    version,
    outcome: reason === null ? 'permanent' : 'halted',
    reason,
    wave: Math.min(reached + 1, waves.length),
    waves: waves.length,
    firstWave: opened[0] ?? [],
    triedBy: nodes.all.filter(({ tried }) => tried.has(version)).map(({ name }) => name),
    duration: now() - begun,
  }
}

function isOver({ reason, wave, waves }: Wanted): boolean {
  return reason !== null || wave === waves.length
}

/** Whether a node knows the record, and is where it wants the node. */
function isAt({ figures }: NodeProcess, { epoch, wave, version }: Wanted): boolean {
  const { snapshot, active } = figures ?? {}
  const known = snapshot?.wanted
  const isKnown = known?.epoch === epoch && known.wave === wave
  return isKnown && snapshot?.version === version && active === version && snapshot?.state !== 'moving'
}
