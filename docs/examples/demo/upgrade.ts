import type { Aggregate } from 'cutover'
import type { Provision, Rendered, RenderRequest } from './markdown.js'
import type { Timeline } from './timeline.js'
import { pause } from './waits.js'

/** When the switch happened, in ms since the start; null for what has not happened. */
export interface Marks {
  /** `setVersion(new)` was called. */
  called: number | null
  /** Its promise resolved. */
  resolved: number | null
  /** The aggregate said that the old version stopped. */
  left: number | null
}

export interface UpgradeOptions {
  readonly aggregate: Aggregate<RenderRequest, Rendered>
  readonly provision: Provision
  readonly from: string
  readonly to: string
  /** Of the whole run, in ms: the new version arrives after a third of it and takes over after half. */
  readonly duration: number
  readonly timeline: Timeline
  readonly marks: Marks
}

/** How long a version may take to come up, in ms. */
const START_TIMEOUT = 10_000

/** The old version becomes active, and is up when this resolves, unless `interrupt` fires. */
export async function startOld(options: UpgradeOptions, interrupt: AbortSignal): Promise<void> {
  const { aggregate, provision, from, timeline } = options
  timeline.add('did', `addVersion('${from}'), start(), setVersion('${from}')`)
  aggregate.addVersion(from, provision(from))
  aggregate.start()
  await aggregate.setVersion(from)
  await isUp(aggregate, from, interrupt)
}

/** The new version comes up beside the old one, then takes its place. Ends early when `interrupt` fires. */
export async function upgrade(options: UpgradeOptions, interrupt: AbortSignal): Promise<void> {
  const { duration, timeline } = options
  await pause(duration / 3, interrupt)
  if (interrupt.aborted) return
  await addNew(options, interrupt)
  await pause(Math.max(0, duration / 2 - timeline.now()), interrupt)
  if (interrupt.aborted) return
  await switchToNew(options)
}

async function addNew(options: UpgradeOptions, interrupt: AbortSignal): Promise<void> {
  const { aggregate, provision, from, to, timeline } = options
  timeline.add('did', `addVersion('${to}'), setVersion('${from}', '${to}')`)
  aggregate.addVersion(to, provision(to))
  await aggregate.setVersion(from, to)
  if (await isUp(aggregate, to, interrupt)) {
    timeline.add('saw', `${to} is up as next; its "started" is held back until it is active`)
  }
}

async function switchToNew({ aggregate, to, timeline, marks }: UpgradeOptions): Promise<void> {
  marks.called = timeline.add('did', `setVersion('${to}')`)
  const { active, next } = await aggregate.setVersion(to)
  marks.resolved = timeline.add('did', `setVersion('${to}') resolved: active ${active}, next ${next ?? 'none'}`)
}

/** Waits until the version is up. False when interrupted. */
async function isUp(aggregate: UpgradeOptions['aggregate'], version: string, interrupt: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([interrupt, AbortSignal.timeout(START_TIMEOUT)])
  try {
    await aggregate.whenRunning({ version, signal })
    return true
  } catch (error) {
    if (interrupt.aborted) return false
    throw new Error(`Version ${version} is not up after ${START_TIMEOUT} ms.`, { cause: error })
  }
}
