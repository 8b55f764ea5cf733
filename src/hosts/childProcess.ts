import type { Socket } from 'node:net'
import { isEncodable } from '../protocol/encodable.js'
import { openSocket } from '../protocol/socketTransport.js'
import { HOST_VARIABLE } from '../socketName.js'
import { invalidOption, object, text } from '../validate.js'
import { ConnectedGuest, type Protocol } from './connectedGuest.js'
import { type ConnectedHostOptions, compileConnected } from './connectedOptions.js'
import { guestProgram } from './guestProgram.js'
import type { Sandbox } from './process/command.js'
import { commandOf } from './process/commandOf.js'
import { ProcessCarrier } from './process/processCarrier.js'
import { checkConfig, type Provisioner, type RuntimeConfig } from './provisioner.js'
import { SupervisedRuntime } from './supervisedRuntime.js'

/** What is said when a guest connects must fit. */
const MIN_FRAME_BYTES = 1_024
/** The length of a frame has 32 bits. */
const MAX_FRAME_BYTES = 4_294_967_295

/** What {@link childProcess} can be told. */
export interface ChildProcessOptions extends ConnectedHostOptions {
  /** The module file to run by Node.js, for configs that name none: a URL, or a path relative to the working directory. */
  readonly module?: URL | string | undefined
  /** The program to run in place of a module: a path, or a name to be found in PATH. */
  readonly command?: string | undefined
  /** What it gets. @default [] */
  readonly args?: readonly string[] | undefined
  /**
   * Its environment, besides PATH, HOME, LANG and TMPDIR, which it inherits; nothing else is inherited. @default {}
   */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Its working directory. @default this process's */
  readonly cwd?: string | undefined
  /** Options of Node.js, for a module. @default [] */
  readonly execArgv?: readonly string[] | undefined
  /** The environment variable that tells it where to connect to; Oasis runtimes read OASIS_WORKER_HOST. @default 'CUTOVER_HOST' */
  readonly hostVariable?: string | undefined
  /**
   * `cutover`: requests and answers are any values. `raw`: they are bodies of the Runtime Host Protocol, `{ Kind: … }`, for
   * runtimes of Oasis Core. @default 'cutover'
   */
  readonly protocol?: Protocol | undefined
  /** Runs it in a sandbox: see {@link bubblewrap}. @default none */
  readonly sandbox?: Sandbox | undefined
  /** The largest message, in bytes, from 1,024 to 2^32 - 1. @default 16_777_216 (16 MiB) */
  readonly maxFrameBytes?: number | undefined
  /**
   * The most items that a message of the guest may hold: each element of an array counts as one, each entry of a map as
   * two, a byte string as four. A guest that sends more is killed and launched again; an answer of a module that holds more
   * rejects its call. At least 100. @default 1_000_000
   */
  readonly maxMessageItems?: number | undefined
}

/**
 * A provisioner of runtimes that run in a process of their own: a module, run by Node.js, or any program that speaks the
 * protocol of `docs/protocol.md`. Nothing that happens there hurts this process.
 *
 * What its runtimes do, in order: `start()` makes a Unix socket in a directory of its own, starts the process, which leads
 * a process group, takes one connection, removes socket and directory, tells the runtime what it is and waits for it to
 * start; then they emit `started`, and calls that have waited go out in their order. What fails on the way gives
 * `failedToStart`, and another launch after a backoff. A process that ends, that closes its connection, sends garbage or
 * does not answer pings, or that sends more than its limits
 * allow, is ended with its whole group: the calls it had reject with `CUTOVER_RUNTIME_LOST`, whose `cause`
 * has `exitCode`, `signal` and the last lines of its `stderr`; `stopped` is emitted, and it is launched again. `stop()`
 * rejects the calls in flight, asks it to shut down, sends SIGTERM after `shutdownTimeout` and SIGKILL after `killTimeout`,
 * and emits `stopped`. `abort()` fires the signal of every call in flight and asks the module; if that fails or takes
 * longer than `abortTimeout`, and with `force`, the process is killed and launched again.
 *
 * What it writes to stdout and stderr goes to the config's logger, line by line.
 *
 * Its calls reject with what the module throws, with code, name, message, cause and details, the stack of the guest in
 * `guestStack`; with the signal's reason; with CutoverError `CUTOVER_RUNTIME_LOST`, `CUTOVER_START_FAILED` (not up within
 * `waitTimeout`, or given up), `CUTOVER_TOO_MANY_WAITING_CALLS`, `CUTOVER_INVALID_REQUEST` (cannot be sent),
 * `CUTOVER_CALL_TIMEOUT` (not answered within `callTimeout`), `CUTOVER_ABORTED`.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`; `provision` also `CUTOVER_INVALID_VERSION`
 */
export function childProcess(options: ChildProcessOptions = {}): Provisioner {
  const { hostVariable = HOST_VARIABLE, protocol = 'cutover' } = object('options', options)
  const compiled = compileConnected(options)
  if (!/^[A-Za-z_]\w*$/.test(text('hostVariable', hostVariable))) {
    throw invalidOption('hostVariable', 'the name of an environment variable', hostVariable)
  }
  if (protocol !== 'cutover' && protocol !== 'raw') throw invalidOption('protocol', "'cutover' or 'raw'", protocol)
  const { maxFrameBytes, maxMessageItems } = compiled.limits
  if (maxFrameBytes < MIN_FRAME_BYTES || maxFrameBytes > MAX_FRAME_BYTES) {
    throw invalidOption('maxFrameBytes', `from ${MIN_FRAME_BYTES} to ${MAX_FRAME_BYTES}`, maxFrameBytes)
  }
  if (options.guestUrl !== undefined) guestProgram('process', options.guestUrl)
  if (options.module !== undefined || options.command !== undefined) commandOf(options, {}, compiled.limits)
  return {
    name: 'child-process',
    provision<Req, Res>(given: RuntimeConfig) {
      const config = checkConfig(given)
      if (!isEncodable(config.localConfig))
        throw invalidOption('localConfig', 'what CBOR can carry', config.localConfig)
      const { module, ...command } = commandOf(options, config, compiled.limits)
      const connected = { ...compiled, protocol, module }
      const transport = { maxFrameBytes, maxMessageItems, maxBufferedBytes: compiled.maxBufferedBytes }
      return new SupervisedRuntime<Req, Res>(config, compiled, (reports, logger, inspect) => {
        const openTransport = (socket: Socket) => openSocket(socket, transport)
        const carrier = new ProcessCarrier(command, { hostVariable, logger, openTransport })
        return new ConnectedGuest(config, { ...connected, inspect }, carrier, reports, logger)
      })
    },
  }
}
