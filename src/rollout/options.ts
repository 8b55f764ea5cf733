import {
  type Clock,
  type Inspect,
  type Inspection,
  inspection,
  invalidOption,
  type Logger,
  object,
  safeLogger,
  validClock,
  validLogger,
} from '../contract/index.js'
import { type CompiledPlan, compilePlan, type RolloutPlan } from './plan.js'
import { memoryStore, type RolloutStore } from './store/index.js'

/** The options of a rollout: the plan for all versions, and where its memory is. */
export interface RolloutOptions<Req = unknown, Res = unknown> extends RolloutPlan<Req, Res> {
  /** Keeps which version is permanent. `fileStore(path)` survives a crash. @default memoryStore() */
  readonly store?: RolloutStore | undefined
  /** Gets the steps of a rollout, and warnings. @default none */
  readonly logger?: Logger | undefined
  /** A function or an observer that sees every event and snapshot of the statechart. @default none */
  readonly inspect?: Inspect | undefined
  /** The timers; XState's `SimulatedClock` for tests. @default the system's */
  readonly clock?: Clock | undefined
}

/** {@link RolloutOptions}, validated, with the defaults filled in. */
export interface CompiledOptions<Req, Res> {
  readonly plan: CompiledPlan<Req, Res>
  readonly store: RolloutStore
  readonly logger: Logger
  readonly inspect: Inspection | undefined
  readonly clock: Clock
}

const STORE_METHODS = ['open', 'save', 'close'] as const satisfies readonly (keyof RolloutStore)[]

/** @throws CutoverError `CUTOVER_INVALID_OPTION`, naming the option and what it got */
export function compileOptions<Req, Res>(given: RolloutOptions<Req, Res>, id: string): CompiledOptions<Req, Res> {
  const options = object('options', given)
  const { store = memoryStore() } = options
  const log = validLogger(options.logger)
  const clock = validClock(options.clock)
  const members = object('store', store) as unknown as Readonly<Record<string, unknown>>
  if (STORE_METHODS.some(method => typeof members[method] !== 'function')) {
    throw invalidOption('store', 'an object with open, save and close', store)
  }
  const logger = safeLogger(log, { aggregate: id })
  return { plan: compilePlan(options, logger), store, logger, inspect: inspection(options.inspect), clock }
}
