import { randomBytes } from 'node:crypto'
import { lstat, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Answer, ask, LockSocket } from './lockSocket.js'
import { storeFailed, storeLocked } from './storeErrors.js'

/** The kernel takes 107 bytes on Linux, 103 elsewhere. */
const MAX_PATH_BYTES = 103
const TRIES = 5

/**
 * The lock of a file: a Unix socket beside it, `<file>.lock.<16 hex digits>`, on which this process listens.
 *
 * Each process makes its own socket first, and then looks for others. So of two processes at least one sees the other. If
 * both are still trying, the lower name has precedence. A socket on which nobody listens is what a crash left, and is
 * removed; its name never comes again, so that harms nobody. Processes in several containers see each other, too, if they
 * share the file and the kernel.
 */
export class StoreLock {
  readonly #socketPath: string
  readonly #socket: LockSocket

  private constructor(socketPath: string, socket: LockSocket) {
    this.#socketPath = socketPath
    this.#socket = socket
  }

  /** @throws CutoverError `CUTOVER_STORE_LOCKED`, or `CUTOVER_STORE_FAILED` where there can be no socket */
  static async take(path: string): Promise<StoreLock> {
    for (let n = 0; n < TRIES; n++) {
      const lock = await StoreLock.#listen(path)
      try {
        const holder = await lock.#findOther(path)
        if (holder !== undefined) throw storeLocked(path, holder.pid)
        if (await lock.isHeld()) {
          lock.#socket.hold()
          return lock
        }
      } catch (error) {
        await lock.release()
        throw error
      }
      // Another process saw the socket just before this one listened, and removed it.
      await lock.release()
    }
    throw storeLocked(path, undefined)
  }

  static async #listen(path: string): Promise<StoreLock> {
    const socketPath = `${path}.lock.${randomBytes(8).toString('hex')}`
    const excess = Buffer.byteLength(socketPath) - MAX_PATH_BYTES
    if (excess > 0)
      throw storeFailed(path, 'cannot be locked: its path is too long', `Shorten it by ${excess} bytes or more.`)
    try {
      return new StoreLock(socketPath, await LockSocket.listen(socketPath))
    } catch (error) {
      const remedy = 'Put it into a directory that exists and is writable, on a file system that has Unix sockets.'
      throw storeFailed(path, 'cannot be locked', remedy, error)
    }
  }

  /** Whether the socket is still there. If not, somebody has removed it, and another process may have taken the lock. */
  async isHeld(): Promise<boolean> {
    const stats = await lstat(this.#socketPath).catch(() => undefined)
    return stats?.isSocket() === true
  }

  async release(): Promise<void> {
    await this.#socket.close()
    await rm(this.#socketPath, { force: true })
  }

  /** Another process that has the lock, or has precedence. */
  async #findOther(path: string): Promise<Exclude<Answer, string> | undefined> {
    const prefix = `${basename(path)}.lock.`
    const own = basename(this.#socketPath)
    for (const name of await readdir(dirname(path))) {
      if (name === own || !name.startsWith(prefix) || !/^[0-9a-f]{16}$/.test(name.slice(prefix.length))) continue
      const other = join(dirname(path), name)
      const stats = await lstat(other).catch(() => undefined)
      if (stats?.isSocket() !== true) continue
      // Lower names do not wait for higher ones to give up, or both would wait.
      const answer = await ask(other, own < name)
      if (answer === 'dead') await rm(other, { force: true })
      else if (answer !== 'free') return answer
    }
    return undefined
  }
}
