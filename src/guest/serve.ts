import { connect, type Socket } from 'node:net'
import { CutoverError, canonical, type RuntimeModule, safeLogger, type VersionLike } from '../contract/index.js'
import { moduleIn } from '../module/index.js'
import { openSocket } from '../protocol/index.js'
import { compileLimits, HOST_VARIABLE, launchingHost, removeSocket } from '../protocol/internal.js'
import { consoleLogger } from './consoleLogger.js'
import { GuestSession } from './session.js'

/** What {@link serve} can be told. */
export interface ServeOptions {
  /** The version of the runtime; a host that expects another refuses it. @default what the host expects */
  readonly version?: VersionLike | undefined
  /** The largest message that is sent or taken, in bytes; give it what the host has. @default 16_777_216 */
  readonly maxFrameBytes?: number | undefined
  /**
   * The most items that a message to the host may hold: each element of an array counts as one, each entry of a map as two,
   * a `Uint8Array` as four. An answer with more rejects its call. At least 100; give it what the host has. @default 1_000_000
   */
  readonly maxMessageItems?: number | undefined
  /** How many of its calls to the host may be unanswered; more wait. Give it what the host has. @default 10_000 */
  readonly maxHostRequests?: number | undefined
  /**
   * The memory that those may take in the host, in bytes, by estimate; more wait. Give it what the host has.
   * @default 33_554_432 (32 MiB)
   */
  readonly maxHostRequestBytes?: number | undefined
  /** The environment variable in which the host says where it listens. @default 'CUTOVER_HOST' */
  readonly hostVariable?: string | undefined
}

/** How long a module may take to stop when its host is gone, in ms. */
const ORPHAN_GRACE = 750

/**
 * Makes this program a runtime: connects to the host that has started it, and answers its calls with `module`.
 *
 * In order: it connects to the Unix socket whose path is in the environment; the host says which runtime it is to be, and
 * `module.start` is called; calls are answered; when the host asks it to stop, on SIGTERM, or when the host is gone,
 * `module.stop` is called, and the process exits: with code 0; when the host was gone, within a second, with code 1, or, if
 * a host has launched it, by SIGKILL to the process group that the host has made for it.
 *
 * @returns a promise that resolves once it is connected
 * @throws (rejects) CutoverError `CUTOVER_INVALID_RUNTIME` (the module has no `call`), `CUTOVER_INVALID_VERSION`,
 * `CUTOVER_INVALID_OPTION`, `CUTOVER_START_FAILED` (there is no host)
 */
export async function serve(module: RuntimeModule, options: ServeOptions = {}): Promise<void> {
  const checked = moduleIn(module, 'The module')
  await serveFrom(async () => checked, options)
}

/** As {@link serve}, with a module that is loaded once the host is there. */
export async function serveFrom(load: () => Promise<RuntimeModule>, options: ServeOptions): Promise<void> {
  const { hostVariable = HOST_VARIABLE } = options
  const limits = compileLimits(options)
  const version = options.version === undefined ? undefined : canonical(options.version)
  const path = process.env[hostVariable] ?? ''
  const socket = await connectTo(path, hostVariable)
  const host = launchingHost(path)
  // They lead to the host: when it is gone, what is written is lost, and that is no reason to crash.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const session = new GuestSession({
    limits,
    open: openSocket(socket, {
      maxFrameBytes: limits.maxFrameBytes,
      maxSentItems: limits.maxMessageItems,
      // The host is trusted, and bounds its calls, and so the answers that it has not read.
      maxMessageItems: Number.POSITIVE_INFINITY,
      maxBufferedBytes: Number.POSITIVE_INFINITY,
    }),
    version,
    logger: safeLogger(consoleLogger, {}),
    load,
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

/** Ends the group that the host has made for us, with all that this process has started, before the host's watch does it. */
function endGroup(): void {
  process.kill(0, 'SIGKILL')
}

function connectTo(path: string, hostVariable: string): Promise<Socket> {
  if (path === '') {
    const message = `${hostVariable} is not set: this program is a runtime, to be started by childProcess({ command }).`
    return Promise.reject(new CutoverError('CUTOVER_START_FAILED', message))
  }
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => {
      // A host that was killed while it launched us has left it. Anything else is not ours.
      if (launchingHost(path) !== undefined) removeSocket(path)
      const message = `There is no host at ${path} (${hostVariable}): ${cause.message}. Start this program by its host.`
      reject(new CutoverError('CUTOVER_START_FAILED', message, { cause }))
    }
    const socket = connect(path, () => {
      socket.off('error', failed)
      resolve(socket)
    })
    socket.once('error', failed)
  })
}
