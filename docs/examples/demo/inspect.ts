/** `--inspect`: switches back and forth until Ctrl-C, with an inspector open. */
import { Aggregate } from 'cutover'
import { startInspector } from 'cutover/inspect'
import { type Rendered, type RenderRequest, renderersOn } from './markdown.js'
import type { Setup } from './setup.js'
import { pause } from './waits.js'

/** ms: how long a version serves before the next one starts. */
const SERVE = 2_500
/** ms: how long a running next version waits before it takes over. */
const WARM_UP = 1_500
/** A light load: four loops with a pause of 20 ms between two calls. */
const LOOPS = 4
const PAUSE = 20

export interface Counts {
  answered: number
  failed: number
  switches: number
}

/** Prints the URL of the inspector, then keeps switching to a new instance of the other version. */
export async function runWithInspector(
  { options: { handover, host, instances }, versions, documents }: Setup,
  interrupt: AbortSignal,
  print: (line: string) => void,
): Promise<Counts> {
  await using inspector = await startInspector()
  const { inspect } = inspector
  const counts: Counts = { answered: 0, failed: 0, switches: 0 }
  const provision = renderersOn({ host, instances, executions: new Map(), inspect })
  await using aggregate = new Aggregate<RenderRequest, Rendered>({
    id: 'markdown',
    handover: handover ?? 'sequential',
    inspect,
  })
  inspector.watch(aggregate)
  print(`Open ${inspector.url}`)

  const loop = async (id: number) => {
    while (!interrupt.aborted) {
      const { path } = documents[id % documents.length] ?? { path: '' }
      await aggregate.call({ id, path }).then(
        () => counts.answered++,
        () => counts.failed++,
      )
      await pause(PAUSE, interrupt)
    }
  }
  aggregate.start()
  const loops = Promise.all(Array.from({ length: LOOPS }, (_, i) => loop(i)))
  const alternating = [versions.old.version, versions.new.version]
  for (let i = 0; !interrupt.aborted; i++) {
    const version = alternating[i % alternating.length] ?? ''
    await switchTo(aggregate, version, () => provision(version), interrupt)
    if (i > 0 && !interrupt.aborted) counts.switches++
    await pause(SERVE, interrupt)
  }
  await loops
  return counts
}

/** Starts a new instance of the version as next, waits until it runs, and switches to it. */
async function switchTo(
  aggregate: Aggregate<RenderRequest, Rendered>,
  version: string,
  provision: () => Parameters<typeof aggregate.addVersion>[1],
  interrupt: AbortSignal,
): Promise<void> {
  const { active } = aggregate.status()
  aggregate.addVersion(version, provision())
  await aggregate.setVersion(active ?? version, version)
  await aggregate.whenRunning({ version, signal: interrupt }).catch(() => {})
  if (active !== null) await pause(WARM_UP, interrupt)
  if (!interrupt.aborted) await aggregate.setVersion(version)
}
