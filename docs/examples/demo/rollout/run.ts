import { Aggregate } from 'cutover'
import { Rollout, RolloutError, type StepReport } from 'cutover/rollout'
import { HTTP_OPTIONS, listen, verifyPage } from '../http/service.js'
import { type Call, Load } from '../load.js'
import { type Executions, type Rendered, type RenderRequest, renderersOn } from '../markdown.js'
import type { Fault } from '../options.js'
import type { Setup } from '../setup.js'
import { every, pause } from '../waits.js'
import { Course } from './course.js'
import { Outage } from './outage.js'
import { flawOf, planOf, timesOf } from './plan.js'

/** How `rollout.to()` ended. */
interface Ending {
  /** `promoted`, or the code of the error. */
  readonly outcome: string
  /** Why the version does not stay. */
  readonly reason: string | null
  readonly steps: readonly StepReport[]
}

/** Everything that a rollout under load recorded. */
export interface RolloutRun {
  readonly fault: Fault
  readonly from: string
  readonly to: string
  readonly calls: readonly Call[]
  readonly executions: Executions
  readonly course: Course
  readonly ending: Ending
  /** The version that serves at the end. */
  readonly active: string | null
  readonly wasInterrupted: boolean
}

/** Shows the course of a rollout. */
export interface View {
  /** Is called after each sample. */
  show(course: Course): void
  /** Is called once, when the last call has been answered. */
  end(course: Course): void
}

/** ms between two samples. */
const SAMPLING = 100
/** ms: so long a version may take to answer. */
const CALL_TIMEOUT = 10_000
const NOT_BEGUN: Ending = { outcome: 'not begun', reason: null, steps: [] }

/** Sends calls without a pause, and rolls the new version out. Ends early when `interrupt` fires. */
export async function runRollout(
  { options: { fault, http, host, instances, duration, concurrency }, versions, documents }: Setup,
  interrupt: AbortSignal,
  view: View,
): Promise<RolloutRun> {
  const [from, to] = [versions.old.version, versions.new.version]
  const executions: Executions = new Map()
  const start = performance.now()
  const now = () => performance.now() - start
  const times = timesOf(duration, fault)
  using outage = new Outage()
  const flaw = flawOf(fault, duration, documents, outage.file)
  const provision = renderersOn({
    host,
    instances,
    executions,
    http,
    flawOf: version => (version === to || fault === 'outage' ? flaw : undefined),
  })

  await using aggregate = new Aggregate<RenderRequest, Rendered>({
    id: 'markdown',
    callTimeout: CALL_TIMEOUT,
    ...(http ? HTTP_OPTIONS : {}),
  })
  await using rollout = new Rollout(aggregate, {
    provision,
    ...planOf(times, documents, http ? verifyPage : (candidate, request) => candidate.call(request)),
  })
  await using service = http ? await listen(aggregate) : null
  const load = new Load({ target: service?.target ?? aggregate, documents, concurrency, now })
  const course = new Course({ from, to, aggregate, rollout, load, now })
  const areHurt = () => [from, to].every(version => (load.tallies.get(version)?.failed ?? 0) > 0)
  rollout.watch().subscribe(event => {
    course.note(event)
    const isLastStep = event.type === 'changed' && event.status.step === times.steps.length - 1
    if (fault === 'outage' && isLastStep) outage.plan(duration * 0.05, duration * 0.15, areHurt)
  })
  const rollOut = async (version: string): Promise<Ending> => {
    if (interrupt.aborted) return NOT_BEGUN
    return rollout.to(version, { signal: interrupt }).then(
      ({ steps }) => ({ outcome: 'promoted', reason: null, steps }),
      error => endingOf(error, interrupt),
    )
  }

  await rollout.start()
  const { outcome, reason } = await rollOut(from)
  if (outcome !== 'promoted' && !interrupt.aborted) throw new Error(`Version ${from} did not come up: ${reason}`)
  let ending = NOT_BEGUN
  const work = async () => {
    await pause(times.before, interrupt)
    ending = await rollOut(to)
    course.finish(ending.steps)
    await pause(times.after, interrupt)
  }
  if (!interrupt.aborted) {
    using _ = every(SAMPLING, () => {
      course.sample()
      view.show(course)
    })
    await load.during(work(), () => {})
  }
  course.sample()
  view.end(course)
  const { active } = aggregate.status()
  return { fault, from, to, calls: load.calls, executions, course, ending, active, wasInterrupted: interrupt.aborted }
}

function endingOf(error: unknown, interrupt: AbortSignal): Ending {
  if (error instanceof RolloutError) {
    const { reason, steps } = error.report
    return { outcome: error.code, reason, steps }
  }
  if (interrupt.aborted) return NOT_BEGUN
  throw error
}
