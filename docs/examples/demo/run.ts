import { Aggregate, type AggregateStatus } from 'cutover'
import type { Document } from './documents.js'
import { type Call, Load } from './load.js'
import { type Executions, type Rendered, type RenderRequest, renderersOn } from './markdown.js'
import type { Editions } from './marked.js'
import type { Options } from './options.js'
import { Timeline } from './timeline.js'
import { type Marks, startOld, type UpgradeOptions, upgrade } from './upgrade.js'
import { pause } from './waits.js'

export interface Setup {
  readonly options: Options
  readonly editions: Editions
  readonly documents: readonly Document[]
}

/** Everything that was noted; the figures are worked out from it. */
export interface Run {
  readonly from: string
  readonly to: string
  readonly calls: readonly Call[]
  readonly executions: Executions
  readonly timeline: Timeline
  readonly marks: Marks
  readonly wasInterrupted: boolean
}

/** How things stand while it runs. */
export interface Progress {
  /** ms since the start. */
  readonly at: number
  readonly settled: number
  readonly status: AggregateStatus
}

/** Shows progress until it is disposed of. */
export type Watcher = (progress: () => Progress) => Disposable

/** How long the last answers may take once no more calls are sent, in ms; what is unsettled then is lost. */
const PATIENCE = 10_000

/** Runs the whole demo: calls without a break, and one upgrade on the way. Ends early when `interrupt` fires. */
export async function run(
  { options, editions, documents }: Setup,
  interrupt: AbortSignal,
  watch: Watcher,
): Promise<Run> {
  const { handover, host, duration, concurrency } = options
  const [from, to] = [editions.old.version, editions.new.version]
  const executions: Executions = new Map()
  const timeline = new Timeline()
  const marks: Marks = { called: null, resolved: null, left: null }

  await using aggregate = new Aggregate<RenderRequest, Rendered>({ id: 'markdown', handover })
  aggregate.watchEvents().subscribe(event => {
    const at = timeline.addEvent(event)
    if (event.type === 'stopped' && event.version === from) marks.left = at
  })
  const provision = renderersOn(host, executions)
  const plan: UpgradeOptions = { aggregate, provision, from, to, duration, timeline, marks }
  await startOld(plan, interrupt)

  const load = new Load({ target: aggregate, documents, concurrency, now: () => timeline.now() })
  using _ = watch(() => ({ at: timeline.now(), settled: load.settled, status: aggregate.status() }))
  await sendDuring(load, Promise.all([upgrade(plan, interrupt), pause(duration, interrupt)]), timeline)
  timeline.add('did', 'dispose()')
  return { from, to, calls: load.calls, executions, timeline, marks, wasInterrupted: interrupt.aborted }
}

/** Sends calls until `work` is done, whatever comes of it. */
async function sendDuring(load: Load, work: Promise<unknown>, timeline: Timeline): Promise<void> {
  const end = new AbortController()
  const sending = load.run(end.signal, PATIENCE)
  try {
    await work
  } finally {
    end.abort()
    timeline.add('saw', 'no more calls are sent; the last answers are awaited')
    await sending
  }
}
