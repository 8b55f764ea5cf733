import type { Order, Settled } from '../../machines/index.js'
import type { History, Phase } from './judge/index.js'
import type { JudgedCalls } from './judgedCalls.js'
import type { CompiledPlan } from './plan.js'
import type { RolloutReport, RolloutResult, StepReport } from './report.js'
import { rolloutError } from './rolloutErrors.js'
import type { RolloutEvent } from './status.js'

/** One order, with what its machine cannot hold: functions, errors, a judge and the promise of `to()`. */
export class Attempt<Req, Res> {
  readonly order: Order
  readonly plan: CompiledPlan<Req, Res>
  readonly promise: Promise<RolloutResult>
  /** The active version when the candidate was added. */
  from: string | null = null
  /** Tells the judge of the calls. Set once the candidate is added. */
  calls: JudgedCalls | undefined
  /** The past of the version that stands by while the candidate soaks. */
  history: History | undefined
  /** The last failed start, or death, of the candidate, until it has started. */
  lastError: Error | undefined
  /** The error behind the end of the order. */
  cause: unknown
  /** Whether the store knows that the candidate is permanent. */
  saved = false
  readonly #steps: StepReport[] = []
  readonly #controller = new AbortController()
  /** Null once the order has ended. */
  #ends: (() => void)[] | null = []
  #resolve!: (result: RolloutResult) => void
  #reject!: (error: unknown) => void

  constructor(order: Order, plan: CompiledPlan<Req, Res>) {
    this.order = order
    this.plan = plan
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // A rejection reaches the callers of `to()`; nobody else need listen.
    this.promise.catch(() => {})
  }

  get version(): string {
    return this.order.version
  }

  /** Fires when the order ends. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Calls `end` when the order has ended; at once if that is past. */
  onEnd(end: () => void): void {
    if (this.#ends === null) end()
    else this.#ends.push(end)
  }

  beginPhase(phase: Phase): void {
    const report = this.calls?.begin(phase)
    if (report !== undefined) this.#steps.push(report)
  }

  endPhase(): void {
    const report = this.calls?.endPhase()
    if (report !== undefined) this.#steps.push(report)
  }

  /** Ends its work: fires the signal of verify, and sends the judge no more calls. */
  stopWork(): void {
    this.endPhase()
    this.#controller.abort()
    this.calls?.end()
  }

  /** Resolves or rejects the promise of `to()`. Returns the event that says so. */
  settle({ ending, warning }: Settled): RolloutEvent {
    this.stopWork()
    const ends = this.#ends ?? []
    this.#ends = null
    for (const end of ends) end()
    const { version, from, saved } = this
    const steps = [...this.#steps]
    if (ending === null) {
      const result: RolloutResult = { outcome: 'promoted', version, from, saved, steps, ...(warning && { warning }) }
      this.#resolve(result)
      return { type: 'promoted', result }
    }
    const report: RolloutReport = { version, from, reason: ending.why, steps }
    const error = rolloutError(ending, report, this.cause ?? this.lastError)
    this.#reject(error)
    return { type: 'ended', error }
  }
}
