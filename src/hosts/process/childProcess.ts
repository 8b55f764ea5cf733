import type { Socket } from 'node:net'
import { invalidOption, object, text } from '../../contract/index.js'
import { openSocket } from '../../protocol/index.js'
import { HOST_VARIABLE, isEncodable } from '../../protocol/internal.js'
import { ConnectedGuest } from '../connected/connectedGuest.js'
import { compileConnected } from '../connected/connectedOptions.js'
import { guestProgram } from '../guestProgram.js'
import { checkConfig, type Provisioner, type RuntimeConfig } from '../provisioner.js'
import { SupervisedRuntime } from '../supervised/supervisedRuntime.js'
import type { ChildProcessOptions } from './childProcessOptions.js'
import { commandOf } from './commandOf.js'
import { ProcessLauncher } from './processLauncher.js'

/** What is said when a guest connects must fit. */
const MIN_FRAME_BYTES = 1_024
/** The length of a frame has 32 bits. */
const MAX_FRAME_BYTES = 4_294_967_295

/**
 * A provisioner of runtimes that run in a process of their own: a module, run by Node.js, or any program that speaks the
 * protocol of `docs/protocol.md`. Nothing that happens there hurts this process.
 *
 * What its runtimes do, in order: `start()` makes a Unix socket in a directory of its own, starts the process, which leads
 * a process group, takes one connection, removes socket and directory, tells the runtime what it is and waits for it to
 * start; then they emit `started`, and calls that have waited go out in their order. What fails on the way gives
 * `failedToStart`, and another launch after a backoff. A process that ends, that closes its connection, sends garbage or
 * more than its limits allow, or does not answer pings is ended with its whole group: the calls it had reject with
 * `CUTOVER_RUNTIME_LOST`, whose `cause` has `exitCode`, `signal` and the last lines of its `stderr`; `stopped` is emitted,
 * and it is launched again. `stop()`
 * rejects the calls in flight, asks it to shut down, sends SIGTERM after `shutdownTimeout` and SIGKILL after `killTimeout`,
 * and emits `stopped`. `abort()` fires the signal of every call in flight and asks the module; if that fails or takes
 * longer than `abortTimeout`, and with `force`, the process is killed and launched again.
 *
 * What it writes to stdout and stderr goes to the config's logger, line by line.
 *
 * Its calls reject with what the module throws, with code, name, message, cause and details, the stack of the guest in
 * `guestStack`; with the signal's reason; with CutoverError `CUTOVER_RUNTIME_LOST`, `CUTOVER_START_FAILED` (not up within
 * `waitTimeout`, or given up), `CUTOVER_TOO_MANY_WAITING_CALLS`, `CUTOVER_INVALID_REQUEST` (cannot be sent or read),
 * `CUTOVER_INVALID_ANSWER` (the same of the answer), `CUTOVER_CALL_TIMEOUT` (not answered within `callTimeout`),
 * `CUTOVER_ABORTED`.
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
        const launcher = new ProcessLauncher(command, { hostVariable, logger, openTransport })
        return new ConnectedGuest(config, { ...connected, inspect }, launcher, reports, logger)
      })
    },
  }
}
