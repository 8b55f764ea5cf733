import { availableParallelism } from 'node:os'
import type { PoolInput } from '../../../machines/index.js'
import {
  type Clock,
  count,
  DEFAULT_STREAM_TIMEOUT,
  durationOrInfinity,
  type Inspect,
  type Inspection,
  inspection,
  invalidOption,
  limitOrInfinity,
  object,
  optionalFunction,
  positive,
  validClock,
} from '../../contract/index.js'

/** The options of {@link pool}. Times are in ms. */
export interface PoolOptions {
  /** How many instances there are. @default the number of cores, as `os.availableParallelism()` says */
  readonly size?: number | undefined
  /** How many instances must be up until the pool has started for the first time. Later, one is enough. @default all */
  readonly ready?: number | undefined
  /** How many instances start at once, at first. @default a quarter of them */
  readonly concurrentStarts?: number | undefined
  /**
   * How many calls an instance gets at once; further ones wait in the queue of the pool. 1 suits a module that computes and does not
   * wait. @default Infinity
   */
  readonly concurrency?: number | undefined
  /** How many calls may wait at once, for the pool to come up or for room; one more is rejected. @default 65_536 */
  readonly maxWaitingCalls?: number | undefined
  /**
   * How long a call waits for room, and one that you make on the pool itself for the pool to come up; Infinity for ever; 0 not at all.
   * @default 30_000
   */
  readonly waitTimeout?: number | undefined
  /** How long the stream of an answer may wait for its first read, in ms, if the pool is called itself. @default 60_000 */
  readonly streamTimeout?: number | undefined
  /**
   * Whether a request goes to all instances that are up, past `concurrency`. The call resolves with the last answer. If an instance
   * fails, it rejects with an `AggregateError`, after all have answered. Not asked for a request with a stream, which goes to one
   * instance. @default none does
   */
  // biome-ignore lint/suspicious/noExplicitAny: one provisioner serves modules of any request and answer
  readonly broadcast?: ((request: any) => boolean) | undefined
  /** A function or an observer that sees the statechart of the pool. Give the provisioner the same one. @default none */
  readonly inspect?: Inspect | undefined
  /** The timers; XState's `SimulatedClock` for tests. @default the system's */
  readonly clock?: Clock | undefined
}

/** {@link PoolOptions}, validated, with the defaults filled in. */
export interface CompiledPool {
  readonly machine: PoolInput
  readonly concurrency: number
  readonly maxWaitingCalls: number
  readonly waitTimeout: number
  readonly streamTimeout: number
  readonly broadcast: ((request: unknown) => boolean) | undefined
  readonly inspect: Inspection | undefined
  readonly clock: Clock
}

/** @throws CutoverError `CUTOVER_INVALID_OPTION` */
export function compilePool(given: PoolOptions): CompiledPool {
  const options = object('options', given)
  const { concurrency = Number.POSITIVE_INFINITY } = options
  const size = positive('size', options.size, availableParallelism())
  const ready = positive('ready', options.ready, size)
  if (ready > size) throw invalidOption('ready', `size, ${size}, or less`, ready)
  return {
    machine: {
      size,
      ready,
      concurrentStarts: positive('concurrentStarts', options.concurrentStarts, Math.ceil(size / 4)),
    },
    concurrency: concurrency === Number.POSITIVE_INFINITY ? concurrency : positive('concurrency', concurrency, 1),
    maxWaitingCalls: count('maxWaitingCalls', options.maxWaitingCalls, 65_536),
    waitTimeout: durationOrInfinity('waitTimeout', options.waitTimeout, 30_000),
    streamTimeout: limitOrInfinity('streamTimeout', options.streamTimeout, DEFAULT_STREAM_TIMEOUT),
    broadcast: optionalFunction('broadcast', options.broadcast),
    inspect: inspection(options.inspect),
    clock: validClock(options.clock),
  }
}
