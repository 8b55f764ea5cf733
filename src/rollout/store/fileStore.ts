import { readFile, readlink, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import writeFileAtomic from 'write-file-atomic'
import { invalidOption } from '../../contract/index.js'
import { isUrl } from '../../support/index.js'
import { recordOf, textOf } from './fileText.js'
import type { RolloutRecord, RolloutStore } from './rolloutStore.js'
import { storeFailed } from './storeErrors.js'
import { StoreLock } from './storeLock.js'
import { syncPath } from './syncPath.js'

/** A record has some 200 bytes. */
const MAX_BYTES = 65_536
const NEW_FILE_MODE = 0o600
const RESTORE = 'Restore it from a backup, or delete it to start without a permanent version.'

/**
 * Makes a store that keeps its record in a JSON file, and survives a crash of the process or of the machine.
 *
 * `open()` locks the file, then reads it: `CUTOVER_STORE_LOCKED` if a living process has it, `CUTOVER_STORE_FAILED` if it
 * cannot be locked or read, or holds anything else than a record. The lock is a Unix socket beside the file, which a crash
 * does not leave in force; it works among processes and containers of one machine. `save()` writes a new file, renames it
 * and waits until both are on the disk, so the file is always whole. The first one has mode 0600; a file keeps its mode.
 *
 * @param path - the path or the file URL; its directory must exist and be writable
 * @throws CutoverError `CUTOVER_INVALID_OPTION`
 */
export function fileStore(path: string | URL): RolloutStore {
  return new FileStore(pathOf(path))
}

class FileStore implements RolloutStore {
  readonly #given: string
  #lock: { readonly path: string; readonly lock: StoreLock } | undefined
  #saving: Promise<void> = Promise.resolve()

  constructor(given: string) {
    this.#given = given
  }

  async open(): Promise<RolloutRecord | undefined> {
    const path = await realPathOf(this.#given)
    const lock = await StoreLock.take(path)
    try {
      const record = await read(path)
      this.#lock = { path, lock }
      return record
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  save(record: RolloutRecord): Promise<void> {
    const saved = this.#saving.then(() => this.#write(textOf(record)))
    this.#saving = saved.catch(() => {})
    return saved
  }

  async close(): Promise<void> {
    await this.#saving
    const held = this.#lock
    this.#lock = undefined
    await held?.lock.release()
  }

  async #write(text: string): Promise<void> {
    if (this.#lock === undefined) throw storeFailed(this.#given, 'is not open', 'Call open() first.')
    const { path, lock } = this.#lock
    if (!(await lock.isHeld()))
      throw storeFailed(path, 'has lost its lock: its socket was removed', 'End this process, and start it again.')
    try {
      const mode = (await stat(path).catch(error => ifMissing(path, error)))?.mode ?? NEW_FILE_MODE
      await writeFileAtomic(path, text, { mode })
      await syncPath(dirname(path))
    } catch (error) {
      throw storeFailed(path, 'cannot be written', 'See the cause. The last record is still there.', error)
    }
  }
}

function pathOf(path: string | URL): string {
  const expected = 'the path or the file URL of a file'
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return resolve(path)
  if (!isUrl(path)) throw invalidOption('path', expected, path)
  try {
    return fileURLToPath(path)
  } catch {
    throw invalidOption('path', expected, path.href)
  }
}

/** One path for one file: with two, through links, two processes would have a lock each. */
async function realPathOf(path: string): Promise<string> {
  const existing = await realpath(path).catch(error => ifMissing(path, error))
  if (existing !== undefined) return existing
  // A link to a file that is still to be written. Links that go round in circles are an error of `realpath`.
  const target = await readlink(path).catch(() => undefined)
  if (target !== undefined) return realPathOf(resolve(dirname(path), target))
  const directory = dirname(path)
  const real = await realpath(directory).catch(error => ifMissing(path, error))
  if (real === undefined) throw storeFailed(path, 'has no directory', `Create ${directory}.`)
  return join(real, basename(path))
}

async function read(path: string): Promise<RolloutRecord | undefined> {
  const bytes = await bytesOf(path)
  if (bytes === undefined) return undefined
  const record = recordOf(bytes)
  if (typeof record !== 'string') return record
  throw storeFailed(path, record, record.includes('later') ? 'Use the version of cutover that wrote it.' : RESTORE)
}

async function bytesOf(path: string): Promise<Uint8Array | undefined> {
  const stats = await stat(path).catch(error => ifMissing(path, error))
  if (stats === undefined) return undefined
  // Reading a pipe would never end.
  if (!stats.isFile()) throw storeFailed(path, 'is not a file', 'Name another path.')
  if (stats.size > MAX_BYTES) throw storeFailed(path, 'is too large for a record', RESTORE)
  return readFile(path).catch(error => ifMissing(path, error))
}

function ifMissing(path: string, error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw storeFailed(path, 'cannot be read', 'See the cause.', error)
}
