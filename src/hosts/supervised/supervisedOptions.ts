import type { SupervisorInput } from '../../../machines/index.js'
import {
  type Clock,
  count,
  DEFAULT_STREAM_TIMEOUT,
  duration,
  durationOrInfinity,
  type Inspect,
  type Inspection,
  inspection,
  limitOrInfinity,
  number,
  object,
  systemClock,
  validClock,
} from '../../contract/index.js'

/** The options of every host. Times are in ms. */
export interface SupervisedOptions {
  /** How long a launch may take until the guest is there: loaded, or connected. @default 10_000 */
  readonly connectTimeout?: number | undefined
  /** How long the module's `start` may take; Infinity for ever. @default 120_000 */
  readonly startTimeout?: number | undefined
  /**
   * How long `abort` may take before the guest is ended and launched again. @default 1_000
   */
  readonly abortTimeout?: number | undefined
  /** The wait after the first failed launch or unexpected end. @default 500 */
  readonly minBackoff?: number | undefined
  /** How much longer each further wait is than the one before; 1 or more. @default 1.5 */
  readonly backoffFactor?: number | undefined
  /** The longest wait between two launches. @default 60_000 */
  readonly maxBackoff?: number | undefined
  /** By how much a wait may be shorter, by chance, as a share from 0 to 1. @default 0.3 */
  readonly jitter?: number | undefined
  /** How long the guest must be up before its failures are forgotten; at most `giveUpAfter`. @default 900_000 (15 minutes) */
  readonly stableAfter?: number | undefined
  /** How long it may fail before nothing more is tried; Infinity for ever. @default 86_400_000 (24 hours) */
  readonly giveUpAfter?: number | undefined
  /** How long a call waits for the runtime to come up; Infinity for ever; 0 not at all. @default 30_000 */
  readonly waitTimeout?: number | undefined
  /** How many calls may wait at once, to come up or for room; one more is rejected. @default 65_536 */
  readonly maxWaitingCalls?: number | undefined
  /**
   * How long the runtime may take to answer a call once it has it; Infinity for ever. Then the call rejects
   * with `CUTOVER_CALL_TIMEOUT`, and its signal fires in the module. @default Infinity
   */
  readonly callTimeout?: number | undefined
  /**
   * How long the stream of an answer may wait for its first read, in ms; Infinity for ever. Then it is cancelled, and a later read
   * rejects with `CUTOVER_STREAM_TIMEOUT`. Inside an aggregate, that one's applies. @default 60_000
   */
  readonly streamTimeout?: number | undefined
  /**
   * A function or an observer that sees every event and snapshot of the statecharts: the supervisor of each runtime, and
   * its connections. Give the aggregate the same one. @default none
   */
  readonly inspect?: Inspect | undefined
  /** The timers; XState's `SimulatedClock` for tests. @default the system's */
  readonly clock?: Clock | undefined
}

/** {@link SupervisedOptions} and the host's own options, validated, with the defaults filled in. */
export interface CompiledSupervised {
  readonly supervisor: SupervisorInput
  readonly waitTimeout: number
  readonly maxWaitingCalls: number
  readonly callTimeout: number
  readonly streamTimeout: number
  readonly inspect: Inspection | undefined
  readonly clock: Clock
}

/** The times of the supervisor that differ from host to host. */
export type HostTimes = Pick<
  SupervisorInput,
  'watchdogInterval' | 'watchdogTimeout' | 'cancelTimeout' | 'discardTimeout' | 'shutdownTimeout' | 'killTimeout'
>

/** How long a guest may take to exit after its connection has closed, in ms. */
const EXIT_GRACE = 100

/** @throws CutoverError `CUTOVER_INVALID_OPTION` */
export function compileSupervised(
  given: SupervisedOptions,
  times: HostTimes,
  defaultClock: Clock = systemClock,
): CompiledSupervised {
  const options = object('options', given)
  const clock = validClock(options.clock, defaultClock)
  const giveUpAfter = durationOrInfinity('giveUpAfter', options.giveUpAfter, 86_400_000)
  const supervisor = {
    ...times,
    connectTimeout: duration('connectTimeout', options.connectTimeout, 10_000),
    startTimeout: durationOrInfinity('startTimeout', options.startTimeout, 120_000),
    abortTimeout: duration('abortTimeout', options.abortTimeout, 1_000),
    minBackoff: duration('minBackoff', options.minBackoff, 500),
    backoffFactor: number('backoffFactor', options.backoffFactor, 1.5, 1, 100),
    maxBackoff: duration('maxBackoff', options.maxBackoff, 60_000),
    // A guest that has been up for so long has not failed for so long.
    stableAfter: Math.min(duration('stableAfter', options.stableAfter, 900_000), giveUpAfter),
    giveUpAfter,
    exitGrace: EXIT_GRACE,
    jitter: number('jitter', options.jitter, 0.3, 0, 1),
  }
  return {
    supervisor,
    waitTimeout: durationOrInfinity('waitTimeout', options.waitTimeout, 30_000),
    maxWaitingCalls: count('maxWaitingCalls', options.maxWaitingCalls, 65_536),
    callTimeout: limitOrInfinity('callTimeout', options.callTimeout, Number.POSITIVE_INFINITY),
    streamTimeout: limitOrInfinity('streamTimeout', options.streamTimeout, DEFAULT_STREAM_TIMEOUT),
    inspect: inspection(options.inspect),
    clock,
  }
}
