import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parentsOf } from './filesystem.js'
import { isShared } from './sharedFolders.js'

/**
 * The paths that Node.js reads to run a module file: the file, the folder of its package, which is the nearest one with a
 * `package.json`, and every `node_modules` where its imports may be found. Of a folder that is shared with other programs
 * only the `package.json` is mounted, and without a package nothing but the file: what else it reads, the user names.
 */
export function moduleMounts(file: string): string[] {
  const folders = parentsOf(file)
  const dependencies = folders.map(folder => join(folder, 'node_modules')).filter(path => existsSync(path))
  return [file, ...packageOf(folders), ...dependencies]
}

/** The files of our own entry for guests: those beside it, and the `package.json` that makes them ES modules. */
export function entryMounts(entry: string): string[] {
  const manifest = manifestIn(parentsOf(entry))
  return [dirname(entry), ...(manifest === undefined ? [] : [manifest])]
}

function packageOf(folders: readonly string[]): string[] {
  const manifest = manifestIn(folders)
  if (manifest === undefined) return []
  return [isShared(dirname(manifest)) ? manifest : dirname(manifest)]
}

function manifestIn(folders: readonly string[]): string | undefined {
  return folders.map(folder => join(folder, 'package.json')).find(path => existsSync(path))
}
