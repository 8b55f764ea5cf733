import type { Socket } from 'node:net'
import { boolean, invalidOption, object, text } from '../../contract/index.js'
import { openSocket } from '../../protocol/index.js'
import { HOST_VARIABLE, isEncodable, OASIS_MAX_FRAME_BYTES, whyNotSendable } from '../../protocol/internal.js'
import { ConnectedGuest } from '../connected/connectedGuest.js'
import { compileConnected } from '../connected/connectedOptions.js'
import { guestProgram } from '../guestProgram.js'
import { checkConfig, type Provisioner, type RuntimeConfig, unsendableConfig } from '../provisioner.js'
import { SupervisedRuntime } from '../supervised/supervisedRuntime.js'
import type { ChildProcessOptions } from './childProcessOptions.js'
import { commandOf, moduleFiles } from './commandOf.js'
import { ProcessLauncher } from './processLauncher.js'

/**
 * A provisioner of runtimes that run in a process of their own: a module, run by Node.js, or any program that speaks the
 * protocol of `docs/protocol.md`. A crash there never hurts this process.
 *
 * - `start()`, in order: creates a Unix socket in a directory of its own, spawns the process as the leader of a process group,
 *   accepts one connection, removes the socket and the directory, completes the handshake, and waits for the module's
 *   `start`. Then the runtime emits `started`, and waiting calls go out in order. If a step fails, it emits `failedToStart`
 *   and launches again after a backoff.
 * - If the process exits, closes its connection, sends garbage, exceeds a limit or does not answer a ping, the host kills its
 *   whole group. Calls in flight reject with `CUTOVER_RUNTIME_LOST`, whose `cause` has `exitCode`, `signal` and the end of
 *   `stderr`. The runtime emits `stopped` and launches again.
 * - `stop()` rejects the calls in flight, asks the guest to shut down, sends SIGTERM after `shutdownTimeout` and SIGKILL after
 *   `killTimeout`, and emits `stopped`.
 * - `abort()` fires the signal of every call in flight and asks the module. If that fails or exceeds `abortTimeout`, and with
 *   `force`, the host kills the process and launches it again.
 *
 * The config's logger gets stdout and stderr, line by line.
 *
 * Calls reject with the error that the module throws (with its code, name, message, cause and details, and the guest's stack
 * in `guestStack`); with the signal's reason; with CutoverError `CUTOVER_RUNTIME_LOST`, `CUTOVER_START_FAILED` (not running
 * within `waitTimeout`, or given up), `CUTOVER_TOO_MANY_WAITING_CALLS`, `CUTOVER_INVALID_REQUEST` (cannot be sent or read),
 * `CUTOVER_INVALID_ANSWER` (the same for the answer), `CUTOVER_CALL_TIMEOUT` (not answered within `callTimeout`) or
 * `CUTOVER_ABORTED`.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`; `provision` also `CUTOVER_INVALID_VERSION`
 */
export function childProcess(options: ChildProcessOptions = {}): Provisioner {
  const { hostVariable = HOST_VARIABLE, protocol = 'cutover' } = object('options', options)
  const isRaw = protocol === 'raw'
  const compiled = compileConnected(options, isRaw ? OASIS_MAX_FRAME_BYTES : undefined)
  if (!/^[A-Za-z_]\w*$/.test(text('hostVariable', hostVariable))) {
    throw invalidOption('hostVariable', 'the name of an environment variable', hostVariable)
  }
  if (protocol !== 'cutover' && protocol !== 'raw') throw invalidOption('protocol', "'cutover' or 'raw'", protocol)
  const encodedPayloads = boolean('encodedPayloads', options.encodedPayloads, false)
  if (encodedPayloads && !isRaw) throw invalidOption('encodedPayloads', "false unless protocol is 'raw'", true)
  const { maxFrameBytes, maxMessageItems } = compiled.limits
  if (options.guestUrl !== undefined) guestProgram('process', options.guestUrl)
  if (options.module !== undefined || options.command !== undefined) commandOf(options, {}, compiled.limits)
  return {
    name: 'child-process',
    provision<Req, Res>(given: RuntimeConfig) {
      const config = checkConfig(given)
      if (!isEncodable(config.localConfig, !isRaw)) {
        throw unsendableConfig(whyNotSendable(config.localConfig, 'localConfig', !isRaw) ?? 'it cannot be encoded')
      }
      const { module, ...command } = commandOf(options, config, compiled.limits)
      const readOnly = moduleFiles(options, module)
      const connected = { ...compiled, protocol, module }
      const { maxBufferedBytes } = compiled
      const transport = { maxFrameBytes, maxMessageItems, maxBufferedBytes, hasTags: !isRaw, encodedPayloads }
      return new SupervisedRuntime<Req, Res>(config, compiled, (reports, logger, inspect) => {
        const openTransport = (socket: Socket) => openSocket(socket, transport)
        const launcher = new ProcessLauncher({ ...command, readOnly }, { hostVariable, logger, openTransport })
        return new ConnectedGuest(config, { ...connected, inspect }, launcher, reports, logger)
      })
    },
  }
}
