import type { Aggregate } from 'cutover'
import type { Provision, Rendered, RenderRequest } from '../markdown.js'
import { pause } from '../waits.js'
import type { Timeline } from './timeline.js'

/** The moments of the switch, in ms since the start; null before they happen. */
export interface SwitchTimes {
  /** `setVersion(new)` was called. */
  called: number | null
  /** Its promise resolved. */
  resolved: number | null
  /** The aggregate emitted `stopped` of the old version. */
  oldStopped: number | null
}

export interface UpgradeOptions {
  readonly aggregate: Aggregate<RenderRequest, Rendered>
  readonly provision: Provision
  readonly from: string
  readonly to: string
  /** The whole run, in ms. The new version starts after a third of it and takes over after half. */
  readonly duration: number
  readonly timeline: Timeline
  readonly switchTimes: SwitchTimes
}

/** How long a version may take to start, in ms. */
const START_TIMEOUT = 10_000

/** Resolves when the old version is active and running, or when `interrupt` fires. */
export async function startOld(options: UpgradeOptions, interrupt: AbortSignal): Promise<void> {
  const { aggregate, provision, from, timeline } = options
  timeline.add('call', `addVersion('${from}'), start(), setVersion('${from}')`)
  aggregate.addVersion(from, provision(from))
  aggregate.start()
  await aggregate.setVersion(from)
  await isRunning(aggregate, from, interrupt)
}

/** Starts the new version as next, then switches to it. Ends early when `interrupt` fires. */
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
  timeline.add('call', `addVersion('${to}'), setVersion('${from}', '${to}')`)
  aggregate.addVersion(to, provision(to))
  await aggregate.setVersion(from, to)
  if (await isRunning(aggregate, to, interrupt)) {
    timeline.add('observed', `${to} runs as next; its "started" is held back until it is active`)
  }
}

async function switchToNew({ aggregate, to, timeline, switchTimes }: UpgradeOptions): Promise<void> {
  switchTimes.called = timeline.add('call', `setVersion('${to}')`)
  const { active, next } = await aggregate.setVersion(to)
  switchTimes.resolved = timeline.add('call', `setVersion('${to}') resolved: active ${active}, next ${next ?? 'none'}`)
}

/** Waits until the version runs. Resolves with false if interrupted. */
async function isRunning(
  aggregate: UpgradeOptions['aggregate'],
  version: string,
  interrupt: AbortSignal,
): Promise<boolean> {
  const signal = AbortSignal.any([interrupt, AbortSignal.timeout(START_TIMEOUT)])
  try {
    await aggregate.whenRunning({ version, signal })
    return true
  } catch (error) {
    if (interrupt.aborted) return false
    throw new Error(`Version ${version} did not start within ${START_TIMEOUT} ms.`, { cause: error })
  }
}
