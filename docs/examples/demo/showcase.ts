/** `--inspect`: switches back and forth for as long as somebody looks. */
import { Aggregate } from 'cutover'
import { startInspector } from 'cutover/inspect'
import { type Rendered, type RenderRequest, renderersOn } from './markdown.js'
import type { Setup } from './run.js'
import { pause } from './waits.js'

/** How long a version serves before the next one is started beside it, and that one waits before it takes over, in ms. */
const SERVES = 2_500
const WAITS = 1_500
/** How many calls are in flight, and how long each lane rests between two, in ms: something to see, and a cool machine. */
const LANES = 4
const REST = 20

/** What became of the calls. */
export interface Tally {
  answered: number
  failed: number
  switches: number
}

/** Tells the URL of the inspector, then switches to a fresh instance of the other version again and again. */
export async function showcase(
  { options: { handover, host }, editions, documents }: Setup,
  interrupt: AbortSignal,
  say: (line: string) => void,
): Promise<Tally> {
  await using inspector = await startInspector()
  const { inspect } = inspector
  const tally: Tally = { answered: 0, failed: 0, switches: 0 }
  const provision = renderersOn(host, new Map(), inspect)
  await using aggregate = new Aggregate<RenderRequest, Rendered>({ id: 'markdown', handover, inspect })
  inspector.watch(aggregate)
  say(`Look at ${inspector.url}`)

  const lane = async (id: number) => {
    while (!interrupt.aborted) {
      const { path } = documents[id % documents.length] ?? { path: '' }
      await aggregate.call({ id, path }).then(
        () => tally.answered++,
        () => tally.failed++,
      )
      await pause(REST, interrupt)
    }
  }
  aggregate.start()
  const lanes = Promise.all(Array.from({ length: LANES }, (_, i) => lane(i)))
  const versions = [editions.old.version, editions.new.version]
  for (let i = 0; !interrupt.aborted; i++) {
    const version = versions[i % versions.length] ?? ''
    await takeOver(aggregate, version, () => provision(version), interrupt)
    if (i > 0 && !interrupt.aborted) tally.switches++
    await pause(SERVES, interrupt)
  }
  await lanes
  return tally
}

/** A fresh instance of this version comes up beside the active one, if there is one, and then takes its place. */
async function takeOver(
  aggregate: Aggregate<RenderRequest, Rendered>,
  version: string,
  provision: () => Parameters<typeof aggregate.addVersion>[1],
  interrupt: AbortSignal,
): Promise<void> {
  const { active } = aggregate.status()
  aggregate.addVersion(version, provision())
  await aggregate.setVersion(active ?? version, version)
  await aggregate.whenRunning({ version, signal: interrupt }).catch(() => {})
  if (active !== null) await pause(WAITS, interrupt)
  if (!interrupt.aborted) await aggregate.setVersion(version)
}
