import { type Clock, duration, durationOrInfinity, invalidOption, positive } from '../../contract/index.js'
import { moduleUrl } from '../../module/index.js'
import {
  compileLimits,
  defaultMaxBufferedBytes,
  type GuestLimitOptions,
  type GuestLimits,
} from '../../protocol/internal.js'
import { isLocation } from '../provisioner.js'
import { type CompiledSupervised, compileSupervised, type SupervisedOptions } from '../supervised/supervisedOptions.js'

/** The options of hosts whose guests are behind a connection. Times are in ms. */
export interface ConnectedHostOptions extends SupervisedOptions {
  /** How often a guest that is up is asked whether it is alive; Infinity for never. @default 15_000 */
  readonly watchdogInterval?: number | undefined
  /** How long it may take to answer that before it is killed and launched again. @default 5_000 */
  readonly watchdogTimeout?: number | undefined
  /** How long the module's `stop` may take before the guest is told to end: SIGTERM to a process. @default 1_000 */
  readonly shutdownTimeout?: number | undefined
  /** How long it may take to end then before it is killed. @default 5_000 */
  readonly killTimeout?: number | undefined
  /** How many calls are sent to the guest before it has answered; more wait, in order. @default 10_000 */
  readonly maxInFlight?: number | undefined
  /** The most requests of the guest (`callHost`) that are not answered yet; further ones are refused. @default 10_000 */
  readonly maxHostRequests?: number | undefined
  /**
   * The most memory that those may take, in bytes, by estimate: the length of the message and 64 bytes for each item in
   * it. A guest that sends one more is killed and launched again. A module's `callHost` waits instead.
   * @default 33_554_432 (32 MiB)
   */
  readonly maxHostRequestBytes?: number | undefined
  /**
   * The most bytes that wait for the guest to read them, such as answers to its requests. A guest that lets more of them
   * pile up is killed and launched again. @default 67_108_864 (64 MiB), or four times `maxFrameBytes` if that is more
   */
  readonly maxBufferedBytes?: number | undefined
  /**
   * The guest program for a module, if your bundler shall make or copy it: a file URL, or a path relative to the working
   * directory, of a bundle or a copy of `cutover/guest/worker` or `cutover/guest/process`. @default the one that cutover brings
   */
  readonly guestUrl?: URL | string | undefined
}

export interface CompiledConnected extends CompiledSupervised {
  readonly maxInFlight: number
  readonly limits: GuestLimits
  readonly maxBufferedBytes: number
}

/** @param defaultFrameBytes - the default of `maxFrameBytes`. @throws CutoverError `CUTOVER_INVALID_OPTION` */
export function compileConnected(
  options: ConnectedHostOptions & GuestLimitOptions,
  defaultFrameBytes?: number,
): CompiledConnected {
  const killTimeout = duration('killTimeout', options.killTimeout, 5_000)
  const shutdownTimeout = duration('shutdownTimeout', options.shutdownTimeout, 1_000)
  const times = {
    watchdogInterval: durationOrInfinity('watchdogInterval', options.watchdogInterval, 15_000),
    watchdogTimeout: duration('watchdogTimeout', options.watchdogTimeout, 5_000),
    cancelTimeout: shutdownTimeout,
    discardTimeout: killTimeout,
    shutdownTimeout,
    killTimeout,
  }
  const maxInFlight = positive('maxInFlight', options.maxInFlight, 10_000)
  const limits = compileLimits(options, defaultFrameBytes)
  const maxBufferedBytes = bufferedBytes(options, limits)
  return { ...compileSupervised(options, times, afterInputClock), maxInFlight, limits, maxBufferedBytes }
}

function bufferedBytes(options: ConnectedHostOptions, { maxFrameBytes }: GuestLimits): number {
  const bytes = positive('maxBufferedBytes', options.maxBufferedBytes, defaultMaxBufferedBytes(maxFrameBytes))
  if (bytes >= maxFrameBytes) return bytes
  throw invalidOption('maxBufferedBytes', `maxFrameBytes, ${maxFrameBytes}, or more`, bytes)
}

/**
 * The system's timers, delayed until pending input has been read: if this process was blocked for long, an answer that
 * arrived in time does not count as late.
 */
const afterInputClock: Clock = {
  setTimeout(fn, timeout) {
    const timer: AfterInputTimer = { timeout: setTimeout(() => (timer.immediate = setImmediate(fn)), timeout) }
    return timer
  },
  clearTimeout({ timeout, immediate }: AfterInputTimer) {
    clearTimeout(timeout)
    if (immediate !== undefined) clearImmediate(immediate)
  },
}

interface AfterInputTimer {
  readonly timeout: NodeJS.Timeout
  immediate?: NodeJS.Immediate
}

/** The URL of a module file. Another thread or process can load nothing else. */
export function fileModule(module: unknown): URL {
  if (isLocation(module)) return moduleUrl(module)
  throw invalidOption('module', 'the URL or the path of a module file: only that can be loaded elsewhere', module)
}
