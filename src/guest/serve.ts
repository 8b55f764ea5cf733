import { connect, type Socket } from 'node:net'
import { CutoverError, canonical, type RuntimeModule, safeLogger, type VersionLike } from '../contract/index.js'
import { moduleIn } from '../module/index.js'
import { openSocket } from '../protocol/index.js'
import { compileLimits, HOST_VARIABLE, launchingHost, removeSocket } from '../protocol/internal.js'
import { consoleLogger } from './consoleLogger.js'
import { GuestSession } from './session.js'

/** Options of {@link serve}. */
export interface ServeOptions {
  /** The version of the runtime. A host that expects another version refuses it. @default the version that the host expects */
  readonly version?: VersionLike | undefined
  /** The largest message in either direction, in bytes. Set it to the host's value. @default 16_777_216 (16 MiB) */
  readonly maxFrameBytes?: number | undefined
  /**
   * The most items in a message to the host: each element of an array counts as one, each entry of a map as two, a
   * `Uint8Array` as four. An answer with more rejects its call. At least 100. Set it to the host's value.
   * @default 1_000_000
   */
  readonly maxMessageItems?: number | undefined
  /** The most calls to the host in flight; more wait. Set it to the host's value. @default 10_000 */
  readonly maxHostRequests?: number | undefined
  /**
   * The estimated memory of those calls in the host, in bytes; more wait. Set it to the host's value.
   * @default 33_554_432 (32 MiB)
   */
  readonly maxHostRequestBytes?: number | undefined
  /** The environment variable with the path of the host's socket. @default 'CUTOVER_HOST' */
  readonly hostVariable?: string | undefined
}

/** The time for a module to stop after it lost its host, in ms. */
const ORPHAN_GRACE = 750

/**
 * Makes this program a runtime: connects to the host that launched it, and answers the host's calls with `module`.
 *
 * In order: the program connects to the Unix socket whose path is in the environment. The host sends the id and version,
 * and the program calls `module.start`. Then it answers calls. When the host asks it to stop, or on SIGTERM, it calls
 * `module.stop` and exits with code 0. If it loses its host, it calls `module.stop` and exits with code 1 within a second;
 * if a host launched it, it then kills its process group with SIGKILL.
 *
 * @param module - the functions of the runtime; only `call` is required
 * @returns a promise that resolves once the program has connected
 * @throws (rejects) CutoverError `CUTOVER_INVALID_RUNTIME` (the module has no `call`), `CUTOVER_INVALID_VERSION`,
 * `CUTOVER_INVALID_OPTION`, `CUTOVER_START_FAILED` (the environment names no host, or the host does not answer)
 */
export async function serve(module: RuntimeModule, options: ServeOptions = {}): Promise<void> {
  const checked = moduleIn(module, 'The module')
  await serveFrom(async () => checked, options)
}

/**
 * Serves like {@link serve}, and loads the module while it connects. A module that computes as it is loaded does not delay the
 * connection, which the system has taken by then.
 */
export async function serveFrom(load: () => Promise<RuntimeModule>, options: ServeOptions): Promise<void> {
  const { hostVariable = HOST_VARIABLE } = options
  const limits = compileLimits(options)
  const version = options.version === undefined ? undefined : canonical(options.version)
  const path = process.env[hostVariable] ?? ''
  const connecting = connectTo(path, hostVariable)
  const loading = load()
  // The handshake tells the host why a module cannot be loaded.
  loading.catch(() => {})
  const socket = await connecting
  const host = launchingHost(path)
  // Both lead to the host. Writing to them after it has died must not crash this program.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const session = new GuestSession({
    limits,
    open: openSocket(socket, {
      maxFrameBytes: limits.maxFrameBytes,
      maxSentItems: limits.maxMessageItems,
      // The host is trusted. It limits its calls, and with them the unread answers.
      maxMessageItems: Number.POSITIVE_INFINITY,
      maxBufferedBytes: Number.POSITIVE_INFINITY,
    }),
    version,
    logger: safeLogger(consoleLogger, {}),
    load: () => loading,
    hostLost: () => {
      process.exitCode = 1
      if (host !== undefined) process.once('exit', endGroup)
      setTimeout(() => process.exit(), ORPHAN_GRACE).unref()
    },
    ended: () => process.exit(),
  })
  process.on('SIGTERM', () => {
    session.stop(new Error('The runtime got SIGTERM.'))
    // Exit without waiting for a start that may hang. There is nothing to stop yet.
    if (session.state === 'cancelling') setImmediate(() => process.exit())
  })
  session.open()
}

/** Kills the process group that the host made, including all children of this process. */
function endGroup(): void {
  process.kill(0, 'SIGKILL')
}

function connectTo(path: string, hostVariable: string): Promise<Socket> {
  if (path === '') {
    const message = `${hostVariable} is not set: this program is a runtime. Start it with childProcess({ command }).`
    return Promise.reject(new CutoverError('CUTOVER_START_FAILED', message))
  }
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => {
      // Remove the socket only if it belongs to a host that was killed while it launched this program.
      if (launchingHost(path) !== undefined) removeSocket(path)
      const message = `No host listens at ${path} (${hostVariable}): ${cause.message}. Let a host start this program.`
      reject(new CutoverError('CUTOVER_START_FAILED', message, { cause }))
    }
    const socket = connect(path, () => {
      socket.off('error', failed)
      resolve(socket)
    })
    socket.once('error', failed)
  })
}
