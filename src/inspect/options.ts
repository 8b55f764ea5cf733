import { type Clock, isClock } from '../clock.js'
import { isLogger, type Logger, safeLogger } from '../logger.js'
import { count, invalidOption, object, optionalFunction, positive, text } from '../validate.js'

/**
 * What a value is that is about to be shown. `event` is everything sent to an actor: XState's own `xstate.init` carries
 * the actor's input, `xstate.done.actor.…` its output.
 */
export type SanitizedKind = 'context' | 'event' | 'input' | 'output' | 'error' | 'status'

/**
 * Gives what is to be shown instead of `value`: a copy without what is secret, or the value itself. It must not change
 * the value. If it throws, or gives a promise, nothing of the value is shown; of an event its type is.
 */
export type Sanitize = (value: unknown, kind: SanitizedKind) => unknown

/** How an inspector behaves; everything has a default. Checked once, when it is started. */
export interface InspectorOptions {
  /** The TCP port; 0 for any that is free. @default 0 */
  readonly port?: number | undefined
  /** The address to listen on. Others than loopback let other machines in, without encryption. @default '127.0.0.1' */
  readonly host?: string | undefined
  /**
   * More values of the `Host` header to answer to, each with its port unless that is the default one: the names that a
   * proxy in front uses.
   * @default []
   */
  readonly allowedHosts?: readonly string[] | undefined
  /** Sees every context, event, input, output, error and status before it is shown. @default value => value */
  readonly sanitize?: Sanitize | undefined
  /** How many of the last messages a viewer that comes late gets. @default 1_000 */
  readonly history?: number | undefined
  /** About how many bytes the messages that are kept may take together. @default 16_777_216 */
  readonly historyBytes?: number | undefined
  /** How many bytes one message may have, besides a machine's definition; what is larger is cut. @default 65_536 */
  readonly maxMessageBytes?: number | undefined
  /** How many viewers there may be at once. @default 32 */
  readonly maxViewers?: number | undefined
  /** Where it says who comes and goes. @default nowhere */
  readonly logger?: Logger | undefined
  /** The timers; XState's `SimulatedClock` for tests. @default the system's, which do not keep the process alive */
  readonly clock?: Clock | undefined
}

/** {@link InspectorOptions}, checked, with every default filled in. */
export interface CompiledInspectorOptions {
  readonly port: number
  readonly host: string
  readonly allowedHosts: readonly string[]
  readonly sanitize: Sanitize
  readonly history: number
  readonly historyBytes: number
  readonly maxMessageBytes: number
  readonly maxViewers: number
  readonly logger: Logger
  readonly clock: Clock
}

/** Less does not hold what every message has. */
const LEAST_MESSAGE_BYTES = 4_096

/** An inspector does not keep a program alive that is done. */
const unrefClock: Clock = {
  setTimeout: (fn, timeout) => setTimeout(fn, timeout).unref(),
  clearTimeout: (id: NodeJS.Timeout) => clearTimeout(id),
}

/** @throws CutoverError `CUTOVER_INVALID_OPTION`, naming the option and what it got */
export function compileInspectorOptions(given: InspectorOptions = {}): CompiledInspectorOptions {
  const options = object('options', given)
  const { logger, clock = unrefClock } = options
  const port = count('port', options.port, 0)
  if (port > 65_535) throw invalidOption('port', 'a whole number from 0 to 65535', port)
  if (logger !== undefined && !isLogger(logger)) {
    throw invalidOption('logger', 'an object with debug, info, warn and error', logger)
  }
  if (!isClock(clock)) throw invalidOption('clock', 'an object with setTimeout and clearTimeout', clock)
  const maxMessageBytes = positive('maxMessageBytes', options.maxMessageBytes, 65_536)
  if (maxMessageBytes < LEAST_MESSAGE_BYTES) {
    throw invalidOption('maxMessageBytes', `a whole number, ${LEAST_MESSAGE_BYTES} or more`, maxMessageBytes)
  }
  return {
    port,
    host: text('host', options.host ?? '127.0.0.1'),
    allowedHosts: hosts(options.allowedHosts ?? []),
    sanitize: optionalFunction('sanitize', options.sanitize) ?? (value => value),
    history: count('history', options.history, 1_000),
    historyBytes: positive('historyBytes', options.historyBytes, 16_777_216),
    maxMessageBytes,
    maxViewers: positive('maxViewers', options.maxViewers, 32),
    logger: safeLogger(logger, {}),
    clock,
  }
}

function hosts(value: unknown): string[] {
  const isHost = (host: unknown) => typeof host === 'string' && /^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i.test(host)
  if (Array.isArray(value) && value.every(isHost)) return value.map((host: string) => host.toLowerCase())
  throw invalidOption('allowedHosts', 'an array of host names, with or without a port', value)
}
