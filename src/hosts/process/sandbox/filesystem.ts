import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { dirname, sep } from 'node:path'
import { describe } from '../../../contract/index.js'
import { startFailed } from '../command.js'

/** A path inside the sandbox, and the source of it outside. */
export interface Mount {
  readonly source: string
  readonly path: string
}

/** Where programs and shared libraries are. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'] as const
/** Files for the loader of shared libraries, and for links into /etc. */
const SYSTEM_FILES = ['/etc/ld.so.cache', '/etc/alternatives'] as const
/** Files for finding and trusting a server. */
const NETWORK_FILES = ['/etc/resolv.conf', '/etc/hosts', '/etc/nsswitch.conf', '/etc/ssl', '/etc/pki'] as const
/** The entries of /proc that concern the whole system and are writable for root. */
const SYSTEM_PROC = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs', 'acpi', 'scsi'] as const

/**
 * Its own `/proc`, where nothing of the system can be changed, and its own `/dev`. bubblewrap itself covers `/proc/sys`
 * only where it may be written as a directory, which it never may, and leaves its files as they are.
 */
export function ownKernelFiles(): string[] {
  const covered = SYSTEM_PROC.map(name => `/proc/${name}`).flatMap(path => ['--ro-bind-try', path, path])
  return ['--proc', '/proc', ...covered, '--dev', '/dev']
}

/** Directories as they are here: where `/lib` is a link into `/usr`, it is one inside. */
export function systemMounts(network: boolean): string[] {
  const directories = SYSTEM.filter(path => existsSync(path)).flatMap(path =>
    lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path],
  )
  const files = [...SYSTEM_FILES, ...(network ? NETWORK_FILES : [])].flatMap(path => ['--ro-bind-try', path, path])
  return [...directories, '--dir', '/etc', ...files]
}

/**
 * A path is mounted where the program expects it, with what it leads to, and not again below one that is mounted.
 *
 * @throws CutoverError `CUTOVER_START_FAILED` when a path does not exist
 */
export function mountsOf(paths: readonly string[]): Mount[] {
  const outermost = [...new Set(paths)].sort((a, b) => a.length - b.length)
  const mounted: string[] = [...SYSTEM]
  for (const path of outermost) if (!mounted.some(parent => isWithin(path, parent))) mounted.push(path)
  return mounted.slice(SYSTEM.length).map(path => ({ source: realPath(path), path }))
}

/** Mounts files and directories below directories that everybody may enter: bubblewrap would make those of files 0700. */
export function readOnlyMounts(mounts: readonly Mount[]): string[] {
  const [_root, ...parents] = [...new Set(mounts.flatMap(({ path }) => parentsOf(path)))].sort(
    (a, b) => a.length - b.length,
  )
  return [
    ...parents.flatMap(path => ['--dir', path]),
    ...mounts.flatMap(({ source, path }) => ['--ro-bind', source, path]),
  ]
}

/** The folders that a path is in, nearest first, up to the root. */
export function parentsOf(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [] : [parent, ...parentsOf(parent)]
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    throw startFailed(`The sandbox cannot mount ${describe(path)}: it does not exist, or cannot be seen.`, error)
  }
}

function isWithin(path: string, parent: string): boolean {
  return path === parent || path.startsWith(parent + sep)
}
