import { chmodSync, lstatSync, mkdtempSync, opendirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostNamedIn, pidNamespace, removeSocket, socketPrefix } from '../../protocol/internal.js'
import { startFailed } from './command.js'

const SOCKET = 'host.sock'
/** The kernel takes 107 bytes on Linux, 103 elsewhere. */
const MAX_PATH_BYTES = 100
/** The most entries that each launch looks at. */
const MAX_ENTRIES = 1_000
/** A launch takes minutes at most, so its directory is useless after a day. */
const MAX_AGE = 86_400_000

/** A directory that only our user can enter, for one socket. */
export interface SocketDirectory {
  readonly path: string
  /** Where to listen, and to connect to. */
  readonly socketPath: string
  /** Removes it; does nothing when it is gone. Never throws. */
  remove(): void
}

/**
 * Makes a fresh directory with mode 0700 in `parent`, or in `/tmp` when the path of the socket would become too long.
 * Before that, it removes what hosts have left there that were killed while they launched a guest.
 *
 * @throws CutoverError `CUTOVER_START_FAILED` when no directory can be made, or no path is short enough
 */
export function makeSocketDirectory(parent: string = tmpdir()): SocketDirectory {
  const prefix = socketPrefix()
  const fits = (folder: string) => Buffer.byteLength(join(folder, `${prefix}123456`, SOCKET)) <= MAX_PATH_BYTES
  const folder = [parent, '/tmp'].find(fits)
  if (folder === undefined) throw startFailed(`The path of a socket in ${parent} or /tmp is too long.`)
  removeLeftovers(folder)
  try {
    const path = mkdtempSync(join(folder, prefix))
    chmodSync(path, 0o700)
    const socketPath = join(path, SOCKET)
    return { path, socketPath, remove: () => removeSocket(socketPath) }
  } catch (error) {
    throw startFailed(`No directory for a socket can be made in ${folder}.`, error)
  }
}

/** Removes the directories of hosts that are dead. Bounded in what it looks at; never throws. */
function removeLeftovers(folder: string): void {
  try {
    const entries = opendirSync(folder)
    try {
      for (let n = 0; n < MAX_ENTRIES; n++) {
        const entry = entries.readSync()
        if (entry === null) return
        if (isLeftover(join(folder, entry.name), entry.name)) removeSocket(join(folder, entry.name, SOCKET))
      }
    } finally {
      entries.closeSync()
    }
  } catch {}
}

function isLeftover(path: string, name: string): boolean {
  const host = hostNamedIn(name)
  if (host === undefined) return false
  try {
    const { uid, mtimeMs } = lstatSync(path)
    if (uid !== process.getuid?.()) return false
    return Date.now() - mtimeMs > MAX_AGE || (host.namespace === pidNamespace() && !isAlive(host.pid))
  } catch {
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
