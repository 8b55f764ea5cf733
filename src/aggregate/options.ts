import type { Handover } from '../../machines/index.js'
import type { MirroredOutcomes, Outcome } from '../calls/index.js'
import {
  boolean,
  type Clock,
  count,
  DEFAULT_STREAM_TIMEOUT,
  duration,
  durationOrInfinity,
  type Inspect,
  type Inspection,
  inspection,
  invalidOption,
  type Logger,
  limitOrInfinity,
  object,
  optionalFunction,
  safeLogger,
  text,
  validClock,
  validLogger,
} from '../contract/index.js'

/** The options of an aggregate. All but `id` have a default. They are validated once, by the constructor. */
export interface AggregateOptions<Req = unknown> {
  /** The id of the runtime. Every version must have the same id. */
  readonly id: string
  /**
   * Returns true for requests that also go to the next version, to warm it up. Only the active version's answer counts.
   * @default () => false
   */
  readonly propagate?: ((request: Req) => boolean) | undefined
  /**
   * Is called with the outcomes of a propagated call on both versions, once both have settled and the answer was given.
   * @default none
   */
  readonly onMirrored?: ((outcomes: MirroredOutcomes<Req>) => void) | undefined
  /**
   * Returns true for outcomes that `metrics()` counts as failures. It is asked about each call that its runtime answers or
   * rejects. @default calls that rejected
   */
  readonly isFailure?: ((outcome: Outcome) => boolean) | undefined
  /** Whether `metrics()` tells how long calls took. @default false */
  readonly durations?: boolean | undefined
  /**
   * `sequential`: the old version is down before the new one takes calls. `overlap`: a next version that is running
   * takes new calls at once, and the old one drains behind it.
   * @default 'sequential'
   */
  readonly handover?: Handover | undefined
  /** How long calls in flight on a version that leaves may take to finish, in ms; 0 cuts them off at once. @default 5_000 */
  readonly drainTimeout?: number | undefined
  /** How long a host may take to report that it stopped before it is given up, in ms. @default 30_000 */
  readonly stopTimeout?: number | undefined
  /** How long a call waits for an active version that runs, in ms; Infinity for ever; 0 not at all. @default 30_000 */
  readonly waitTimeout?: number | undefined
  /** How many calls may wait at once. One more is rejected. @default 65_536 */
  readonly maxWaitingCalls?: number | undefined
  /**
   * How long a runtime may take to answer, in ms, from when it gets the call. Then the call rejects with
   * `CUTOVER_CALL_TIMEOUT`, and its signal fires in the runtime. @default Infinity
   */
  readonly callTimeout?: number | undefined
  /**
   * How long the stream of an answer may wait for its first read, in ms; Infinity for ever. Then it is cancelled, and a later read
   * rejects with `CUTOVER_STREAM_TIMEOUT`. @default 60_000
   */
  readonly streamTimeout?: number | undefined
  /** Gets warnings and the steps of a switch. @default none */
  readonly logger?: Logger | undefined
  /** A function or an observer that sees every event and snapshot of the statecharts; any Stately inspector fits. @default none */
  readonly inspect?: Inspect | undefined
  /** The timers; XState's `SimulatedClock` for tests. @default the system's */
  readonly clock?: Clock | undefined
}

/**
 * The key of the option by which a composite names an aggregate that is one of its components. The name stands where the id
 * would: in the log, in `status()` and `metrics()`, in the channels, and in an inspector.
 */
export const NAME: unique symbol = Symbol('cutover.name')

/** {@link AggregateOptions}, validated, with the defaults filled in. */
export interface CompiledOptions<Req> {
  readonly id: string
  /** The id, unless it is a component. */
  readonly name: string
  readonly propagate: ((request: Req) => boolean) | undefined
  readonly onMirrored: ((outcomes: MirroredOutcomes<Req>) => void) | undefined
  readonly isFailure: ((outcome: Outcome) => boolean) | undefined
  readonly durations: boolean
  readonly handover: Handover
  readonly drainTimeout: number
  readonly stopTimeout: number
  readonly waitTimeout: number
  readonly maxWaitingCalls: number
  readonly callTimeout: number
  readonly streamTimeout: number
  readonly logger: Logger
  readonly inspect: Inspection | undefined
  readonly clock: Clock
}

const HANDOVERS: readonly unknown[] = ['sequential', 'overlap'] satisfies Handover[]

/** @throws CutoverError `CUTOVER_INVALID_OPTION`, naming the option and what it got */
export function compileOptions<Req>(given: AggregateOptions<Req> & { readonly [NAME]?: string }): CompiledOptions<Req> {
  const options = object('options', given)
  const { handover = 'sequential' } = options
  if (!HANDOVERS.includes(handover)) throw invalidOption('handover', "'sequential' or 'overlap'", handover)
  const logger = validLogger(options.logger)
  const clock = validClock(options.clock)
  const id = text('id', options.id)
  const name = options[NAME] ?? id
  return {
    id,
    name,
    propagate: optionalFunction('propagate', options.propagate),
    onMirrored: optionalFunction('onMirrored', options.onMirrored),
    isFailure: optionalFunction('isFailure', options.isFailure),
    durations: boolean('durations', options.durations, false),
    handover,
    drainTimeout: duration('drainTimeout', options.drainTimeout, 5_000),
    stopTimeout: duration('stopTimeout', options.stopTimeout, 30_000),
    waitTimeout: durationOrInfinity('waitTimeout', options.waitTimeout, 30_000),
    maxWaitingCalls: count('maxWaitingCalls', options.maxWaitingCalls, 65_536),
    callTimeout: limitOrInfinity('callTimeout', options.callTimeout, Number.POSITIVE_INFINITY),
    streamTimeout: limitOrInfinity('streamTimeout', options.streamTimeout, DEFAULT_STREAM_TIMEOUT),
    logger: safeLogger(logger, { aggregate: name }),
    inspect: inspection(options.inspect),
    clock,
  }
}
