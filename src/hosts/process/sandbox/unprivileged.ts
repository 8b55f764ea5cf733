import { chmodSync, chownSync, readdirSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { asError, describe } from '../../../contract/index.js'
import { startFailed } from '../command.js'
import type { Mount } from './filesystem.js'

/** For others: to read; for directories also to enter. */
const READ = 0o4
const ENTER = 0o1

/** Runs what follows as another user, for the kernel as well: a user namespace of root's would leave it root there. */
export function asUser(user: number, setpriv: string): string[] {
  return [setpriv, `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--inh-caps=-all', '--no-new-privs', '--']
}

/**
 * Lets the group of the guest connect to the sockets in a directory, which stays ours.
 *
 * @throws CutoverError `CUTOVER_START_FAILED` where there is no such group
 */
export function openTo(group: number, socketDirectory: string): void {
  try {
    for (const name of ['.', ...readdirSync(socketDirectory)]) {
      const path = join(socketDirectory, name)
      chownSync(path, 0, group)
      chmodSync(path, name === '.' ? 0o710 : 0o660)
    }
  } catch (error) {
    const why = asError(error).message
    throw startFailed(`The host is root, and cannot give its socket to the group ${group} of the guest: ${why}.`, error)
  }
}

/**
 * The mounts that replace `mount` so that an unprivileged user can read it. A directory that only its owner may
 * enter, as `mkdtemp` makes them, is made anew with what others may read in it.
 *
 * @throws CutoverError `CUTOVER_START_FAILED` for a file that only its owner may read
 */
export function readableMounts(mount: Mount): Mount[] {
  const stats = statSync(mount.source)
  if (isReadable(stats)) return [mount]
  if (stats.isDirectory()) return entriesOf(mount)
  throw startFailed(
    `The host is root and its guest another user, who may not read ${describe(mount.source)}: run chmod o+r on it, or ` +
      'run the host as another user.',
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
