import { Aggregate, type AggregateOptions, NAME } from '../aggregate/index.js'
import { type CallOptions, type Logger, safeLogger } from '../contract/index.js'
import { flowOf } from '../streams/index.js'

/** So many propagated calls may be unanswered by one component. A component that hangs would collect them without end. */
const MAX_PROPAGATED = 1_024

/** One component: its aggregate, and the calls that are propagated to it. */
export class Component<Req, Res> {
  readonly aggregate: Aggregate<Req, Res>
  readonly #logger: Logger
  #unanswered = 0
  #hasWarned = false

  constructor(id: string, options: AggregateOptions<Req>) {
    const named = { ...options, [NAME]: `${options.id}/${id}` }
    this.aggregate = new Aggregate(named)
    this.#logger = safeLogger(options.logger, { aggregate: named[NAME] })
  }

  /** Sends a propagated call. Nobody waits for its answer, and its failure is a warning. */
  propagate(request: Req, options: CallOptions | undefined): void {
    if (this.#unanswered >= MAX_PROPAGATED) {
      this.#skip()
      return
    }
    this.#unanswered++
    this.aggregate
      .call(request, options)
      .then(answer => flowOf(answer)?.stop('cancelled', undefined))
      .catch((err: unknown) => this.#logger.warn({ err }, 'a call propagated to a component failed'))
      .finally(() => {
        this.#unanswered--
      })
  }

  #skip(): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    const message = `more than ${MAX_PROPAGATED} propagated calls are unanswered: further ones are left out meanwhile, said once`
    this.#logger.warn({}, message)
  }
}
