/** `serveRemote()`: serves a module to the runtimes of `remote()` in other programs, over NATS. */
import type { NatsConnection } from '@nats-io/transport-node'
import {
  type Clock,
  canonical,
  duration,
  invalidOption,
  type Logger,
  object,
  positive,
  text,
  type VersionLike,
  validClock,
  validLogger,
} from '../../contract/index.js'
import type { ModuleSource } from '../../hosts/index.js'
import { assertModuleSource } from '../../hosts/internal.js'
import { compileLimits, defaultMaxBufferedBytes } from '../../protocol/internal.js'
import { validConnection } from '../nats/index.js'
import { type RemoteServer, Server } from './server.js'
import { isSubject } from './wire.js'

/** The options of {@link serveRemote}. */
export interface ServeRemoteOptions {
  /** An open connection, of `connect()` of `@nats-io/transport-node`. It stays yours: close it after `drain()`. */
  readonly connection: NatsConnection
  /** The subject, without wildcards; one for each version. */
  readonly subject: string
  /** Servers of one subject with the same queue share its sessions. @default 'cutover' */
  readonly queue?: string | undefined
  /** The version of the module. A host that expects another one refuses it. @default the version that the host expects */
  readonly version?: VersionLike | undefined
  /** The most sessions at once; further hosts are refused, and try again. @default 1_000 */
  readonly maxSessions?: number | undefined
  /** How long `drain()` waits for the calls of its hosts, in ms. @default 30_000 */
  readonly drainTimeout?: number | undefined
  /** The largest request, in bytes. @default 16_777_216 (16 MiB) */
  readonly maxFrameBytes?: number | undefined
  /** The most items in a request. @default 1_000_000 */
  readonly maxMessageItems?: number | undefined
  /** The most bytes that wait for a host to read them. A session with more ends. @default 67_108_864 (64 MiB), or four times `maxFrameBytes` */
  readonly maxBufferedBytes?: number | undefined
  /** The first tokens of the inboxes that it listens to, as in the options of the connection. @default '_INBOX' */
  readonly inboxPrefix?: string | undefined
  /** Gets refused hosts, lost sessions and dropped messages. @default nowhere */
  readonly logger?: Logger | undefined
  /** The timers; XState's `SimulatedClock` for tests. @default the system's */
  readonly clock?: Clock | undefined
}

/**
 * Serves a module to runtimes of `remote()`. Each of them has a session: its `start` is called when that opens, and its `stop` when that ends.
 *
 * A loader gives each session a module of its own, and so does a file; an object is shared by all. If the host of a session dies, is cut
 * off, or loses its connection, the session ends. Other messages on the subject are dropped, counted and logged.
 *
 * @param source - a module, a function that makes one, or a module file: a URL, or a path relative to the working directory
 * @returns a promise that resolves once the server of NATS has taken the subscription
 * @throws (rejects) CutoverError `CUTOVER_INVALID_OPTION`, `CUTOVER_INVALID_VERSION`, `CUTOVER_INVALID_RUNTIME` (the module has no `call`);
 * the error of the client if the connection is lost
 */
export async function serveRemote(source: ModuleSource, options: ServeRemoteOptions): Promise<RemoteServer> {
  assertModuleSource(source)
  const { subject, queue = 'cutover', version, inboxPrefix, logger, clock } = object('options', options)
  const connection = validConnection(options.connection)
  for (const [name, value] of Object.entries({ subject, queue, inboxPrefix: inboxPrefix ?? '_INBOX' }))
    if (!isSubject(text(name, value))) throw invalidOption(name, 'a subject without wildcards', value)
  const limits = compileLimits(options)
  const server = new Server(source, {
    connection,
    subject,
    queue,
    version: version === undefined ? undefined : canonical(version),
    maxSessions: positive('maxSessions', options.maxSessions, 1_000),
    drainTimeout: duration('drainTimeout', options.drainTimeout, 30_000),
    maxFrameBytes: limits.maxFrameBytes,
    maxMessageItems: limits.maxMessageItems,
    maxBufferedBytes: positive(
      'maxBufferedBytes',
      options.maxBufferedBytes,
      defaultMaxBufferedBytes(limits.maxFrameBytes),
    ),
    inboxPrefix,
    logger: validLogger(logger),
    clock: validClock(clock),
  })
  await connection.flush()
  return server
}
