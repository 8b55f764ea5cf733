/** `remote()`: a host whose runtimes are served by other programs, over NATS. */
import type { NatsConnection } from '@nats-io/transport-node'
import { CutoverError, invalidOption, MAX_TIMEOUT, object, text } from '../../contract/index.js'
import type { ConnectedHostOptions, Provisioner, RuntimeConfig } from '../../hosts/index.js'
import {
  type CheckedConfig,
  ConnectedGuest,
  checkConfig,
  compileConnected,
  SupervisedRuntime,
} from '../../hosts/internal.js'
import type { GuestLimitOptions } from '../../protocol/internal.js'
import { validConnection } from '../nats/index.js'
import { MovingGuest } from './movingGuest.js'
import { RemoteLauncher, type RemoteTarget } from './remoteLauncher.js'
import { isSubject } from './wire.js'

/** The options of {@link remote}. Times are in ms. */
export interface RemoteOptions extends Omit<ConnectedHostOptions, 'guestUrl'>, GuestLimitOptions {
  /** An open connection, of `connect()` of `@nats-io/transport-node`. It stays yours: you close it. */
  readonly connection: NatsConnection
  /** The subject that `serveRemote()` serves, one for each version. */
  readonly subject: string
  /** The first tokens of the inboxes that it listens to, as in the options of the connection. @default '_INBOX' */
  readonly inboxPrefix?: string | undefined
  /** How often the server is asked whether it is alive. @default 1_000 */
  readonly watchdogInterval?: number | undefined
}

const WATCHDOG_INTERVAL = 1_000

/**
 * A provisioner of runtimes that run in another program, on this machine or another one, which has called `serveRemote()`.
 *
 * `start()` opens a session with one of the servers of the subject, which starts the module. If there is none, or the start fails, the
 * runtime emits `failedToStart`, and tries again after a backoff. If the server dies or is cut off, or NATS is away, calls in flight
 * reject, and a new session is opened. When the server leaves in order, the runtime moves to another one, and loses no call.
 *
 * `stop()` stops the module of this session. `abort()` fires the signals of its calls. Values, errors, streams and roles travel as with
 * `childProcess()`. If a call takes longer than `callTimeout`, its signal fires on the server too, by that one's clock.
 *
 * Their calls reject with what the module throws; the signal's reason; CutoverError `CUTOVER_RUNTIME_LOST` (the server is gone),
 * `CUTOVER_START_FAILED` (not up within `waitTimeout`), `CUTOVER_TOO_MANY_WAITING_CALLS`, `CUTOVER_CALL_TIMEOUT`, `CUTOVER_ABORTED`,
 * `CUTOVER_INVALID_REQUEST`, `CUTOVER_INVALID_ANSWER`.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`; `provision` also `CUTOVER_INVALID_VERSION`
 */
export function remote(options: RemoteOptions): Provisioner {
  const { subject, inboxPrefix, watchdogInterval = WATCHDOG_INTERVAL } = object('options', options)
  const connection = validConnection(options.connection)
  if (!isSubject(text('subject', subject))) throw invalidOption('subject', 'a subject without wildcards', subject)
  if (inboxPrefix !== undefined && !isSubject(inboxPrefix))
    throw invalidOption('inboxPrefix', 'a subject without wildcards', inboxPrefix)
  const compiled = compileConnected({ ...options, watchdogInterval })
  const { limits, callTimeout, supervisor } = compiled
  const silence = 2 * (supervisor.watchdogInterval + supervisor.watchdogTimeout + supervisor.abortTimeout)
  return {
    name: 'remote',
    provision<Req, Res>(given: RuntimeConfig) {
      const config = checkConfig(given)
      const { id, version } = config
      const target: RemoteTarget = {
        connection,
        subject,
        inboxPrefix,
        opening: {
          id,
          version,
          ...limits,
          callTimeout: finite(callTimeout),
          silence: Math.min(finite(silence), MAX_TIMEOUT),
        },
        options: compiled,
      }
      return new SupervisedRuntime<Req, Res>(config, compiled, (reports, logger, inspect) => {
        const connected = {
          ...compiled,
          protocol: 'cutover',
          module: undefined,
          inspect,
          exitError: ({ error }: { readonly error?: Error }) => gone(config, error),
        } as const
        return new MovingGuest<Req, Res>(
          version,
          (its, events) => {
            const launcher = new RemoteLauncher(target, events, logger)
            return { guest: new ConnectedGuest<Req, Res>(config, connected, launcher, its, logger), launcher }
          },
          reports,
        )
      })
    },
  }
}

function finite(time: number): number {
  return time === Number.POSITIVE_INFINITY ? 0 : time
}

function gone({ version }: CheckedConfig, cause: Error | undefined): CutoverError {
  const why = cause?.message ?? 'it has ended.'
  return new CutoverError('CUTOVER_RUNTIME_LOST', `the remote end is gone: ${why}`, { version, cause })
}
