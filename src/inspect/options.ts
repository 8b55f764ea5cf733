import {
  type Clock,
  count,
  invalidOption,
  type Logger,
  object,
  optionalFunction,
  positive,
  safeLogger,
  text,
  validClock,
  validLogger,
} from '../contract/index.js'
import type { ClientsOptions } from './clients/index.js'
import { masksSecrets, type Sanitize } from './messages/index.js'
import type { ServerOptions } from './server/index.js'

/** The options of an inspector. All have a default. They are checked once, when the inspector starts. */
export interface InspectorOptions {
  /** The TCP port; 0 for any free port. @default 0 */
  readonly port?: number | undefined
  /** The address to listen on. Any other than loopback admits other machines, without encryption. @default '127.0.0.1' */
  readonly host?: string | undefined
  /**
   * Further accepted values of the `Host` header, with the port unless it is the default port: the names of a proxy in
   * front.
   * @default []
   */
  readonly allowedHosts?: readonly string[] | undefined
  /**
   * Maps every context, event, input, output, error and status to what is shown of it. The default replaces what looks like
   * a secret, such as passwords, keys and tokens, in all texts. Your own function replaces the default.
   * @default masks secrets
   */
  readonly sanitize?: Sanitize | undefined
  /** How many of the last messages a new client gets. @default 1_000 */
  readonly history?: number | undefined
  /** About how many bytes the kept messages may take together. @default 16_777_216 */
  readonly historyBytes?: number | undefined
  /** How many bytes a message may have, besides a machine's definition. A larger one is shortened. @default 65_536 */
  readonly maxMessageBytes?: number | undefined
  /** How many clients may be connected at once: open pages, and other programs that show the messages. @default 32 */
  readonly maxViewers?: number | undefined
  /** Receives a log line for each client that connects or disconnects, and for failures. @default nowhere */
  readonly logger?: Logger | undefined
  /** The timers; XState's `SimulatedClock` in tests. @default the system's, which do not keep the process alive */
  readonly clock?: Clock | undefined
}

/** {@link InspectorOptions}, checked, with every default filled in. */
export interface CompiledInspectorOptions extends ServerOptions, ClientsOptions {}

/** The fixed fields of a message need almost as much. */
const MIN_MESSAGE_BYTES = 4_096

/** Does not keep the inspected program alive. */
const unrefClock: Clock = {
  setTimeout: (fn, timeout) => setTimeout(fn, timeout).unref(),
  clearTimeout: (id: NodeJS.Timeout) => clearTimeout(id),
}

/** @throws CutoverError `CUTOVER_INVALID_OPTION`, with the name of the option and the given value */
export function compileInspectorOptions(given: InspectorOptions = {}): CompiledInspectorOptions {
  const options = object('options', given)
  const port = count('port', options.port, 0)
  if (port > 65_535) throw invalidOption('port', 'a whole number from 0 to 65535', port)
  const logger = validLogger(options.logger)
  const clock = validClock(options.clock, unrefClock)
  const maxMessageBytes = positive('maxMessageBytes', options.maxMessageBytes, 65_536)
  if (maxMessageBytes < MIN_MESSAGE_BYTES) {
    throw invalidOption('maxMessageBytes', `a whole number, ${MIN_MESSAGE_BYTES} or more`, maxMessageBytes)
  }
  return {
    port,
    host: text('host', options.host ?? '127.0.0.1'),
    allowedHosts: hostNames(options.allowedHosts ?? []),
    sanitize: optionalFunction('sanitize', options.sanitize) ?? masksSecrets,
    history: count('history', options.history, 1_000),
    historyBytes: positive('historyBytes', options.historyBytes, 16_777_216),
    maxMessageBytes,
    maxViewers: positive('maxViewers', options.maxViewers, 32),
    logger: safeLogger(logger, {}),
    clock,
  }
}

function hostNames(value: unknown): string[] {
  const isHost = (host: unknown) => typeof host === 'string' && /^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i.test(host)
  if (Array.isArray(value) && value.every(isHost)) return value.map((host: string) => host.toLowerCase())
  throw invalidOption('allowedHosts', 'an array of host names, with or without a port', value)
}
