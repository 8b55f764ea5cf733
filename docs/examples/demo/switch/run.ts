import { Aggregate, type AggregateStatus, type Handover } from 'cutover'
import { type Call, Load } from '../load.js'
import { type Executions, type Rendered, type RenderRequest, renderersOn } from '../markdown.js'
import type { Setup } from '../setup.js'
import { pause } from '../waits.js'
import { Timeline } from './timeline.js'
import { type SwitchTimes, startOld, type UpgradeOptions, upgrade } from './upgrade.js'

/** Everything that a run recorded. */
export interface Run {
  readonly from: string
  readonly to: string
  readonly calls: readonly Call[]
  readonly executions: Executions
  readonly timeline: Timeline
  readonly switchTimes: SwitchTimes
  readonly wasInterrupted: boolean
}

/** The state of a run in progress. */
export interface Progress {
  /** ms since the start. */
  readonly at: number
  readonly settled: number
  readonly status: AggregateStatus
}

/** Shows the progress until it is disposed. */
export type ProgressView = (progress: () => Progress) => Disposable

/** Sends calls without a pause and upgrades once on the way. Ends early when `interrupt` fires. */
export async function run(
  { options, versions, documents }: Setup,
  handover: Handover,
  interrupt: AbortSignal,
  showProgress: ProgressView,
): Promise<Run> {
  const { host, instances, duration, concurrency } = options
  const [from, to] = [versions.old.version, versions.new.version]
  const executions: Executions = new Map()
  const timeline = new Timeline()
  const switchTimes: SwitchTimes = { called: null, resolved: null, oldStopped: null }

  await using aggregate = new Aggregate<RenderRequest, Rendered>({ id: 'markdown', handover })
  aggregate.watchEvents().subscribe(event => {
    const at = timeline.addEvent(event)
    if (event.type === 'stopped' && event.version === from) switchTimes.oldStopped = at
  })
  const provision = renderersOn({ host, instances, executions })
  const plan: UpgradeOptions = { aggregate, provision, from, to, duration, timeline, switchTimes }
  await startOld(plan, interrupt)

  const load = new Load({ target: aggregate, documents, concurrency, now: () => timeline.now() })
  using _ = showProgress(() => ({ at: timeline.now(), settled: load.settled, status: aggregate.status() }))
  const ended = () => timeline.add('observed', 'no more calls; waiting for the last answers')
  await load.during(Promise.all([upgrade(plan, interrupt), pause(duration, interrupt)]), ended)
  timeline.add('call', 'dispose()')
  return { from, to, calls: load.calls, executions, timeline, switchTimes, wasInterrupted: interrupt.aborted }
}
