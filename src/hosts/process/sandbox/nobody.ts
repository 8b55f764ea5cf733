import { chmodSync, chownSync, readdirSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { asError, describe } from '../../../errors.js'
import { startFailed } from '../command.js'
import type { Mount } from './filesystem.js'

/** The user and the group that own nothing, on every Linux: what the guest of a host that is root runs as. */
const NOBODY = 65_534

/** For others: to read; for directories also to enter. */
const READ = 0o4
const ENTER = 0o1

/** Runs what follows as nobody, for the kernel as well: a user namespace alone would leave it root. */
export function asNobody(setpriv: string): string[] {
  return [
    setpriv,
    `--reuid=${NOBODY}`,
    `--regid=${NOBODY}`,
    '--clear-groups',
    '--inh-caps=-all',
    '--no-new-privs',
    '--',
  ]
}

/**
 * Lets nobody connect to the sockets in a directory, which stays ours.
 *
 * @throws CutoverError `CUTOVER_START_FAILED` where there is no such user
 */
export function openToNobody(socketDirectory: string): void {
  try {
    for (const name of ['.', ...readdirSync(socketDirectory)]) {
      const path = join(socketDirectory, name)
      chownSync(path, 0, NOBODY)
      chmodSync(path, name === '.' ? 0o710 : 0o660)
    }
  } catch (error) {
    const why = asError(error).message
    throw startFailed(`The sandbox of a host that is root runs as user ${NOBODY}, which cannot be had: ${why}.`, error)
  }
}

/**
 * What is to be mounted in place of `mount` so that nobody can read it. A directory that only its owner may enter, as
 * `mkdtemp` makes them, is made anew with what others may read in it.
 *
 * @throws CutoverError `CUTOVER_START_FAILED` for a file that only its owner may read
 */
export function readableByNobody(mount: Mount): Mount[] {
  const stats = statSync(mount.source)
  if (isReadable(stats)) return [mount]
  if (stats.isDirectory()) return entriesOf(mount)
  throw startFailed(
    `The sandbox of a host that is root runs as user ${NOBODY}, who may not read ${describe(mount.source)}: ` +
      `run chmod o+r on it, or run the host as another user.`,
  )
}

function entriesOf({ source, path }: Mount): Mount[] {
  return readdirSync(source).flatMap(name => {
    const mount = { source: join(source, name), path: join(path, name) }
    const stats = statSync(mount.source, { throwIfNoEntry: false })
    if (stats === undefined) return []
    if (isReadable(stats)) return [mount]
    return stats.isDirectory() ? entriesOf(mount) : []
  })
}

function isReadable(stats: Stats): boolean {
  if (stats.isDirectory()) return (stats.mode & (READ | ENTER)) === (READ | ENTER)
  return stats.isFile() && (stats.mode & (READ | ENTER)) !== 0
}
