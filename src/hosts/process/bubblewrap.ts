import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { resolve, sep } from 'node:path'
import { invalidOption, object, strings, text } from '../../validate.js'
import { findProgram, noSuchProgram, type Sandbox, type SandboxMounts } from './command.js'

/** What {@link bubblewrap} can be told. */
export interface BubblewrapOptions {
  /** Where bubblewrap is: a path, or a name in `PATH`. @default 'bwrap' */
  readonly binary?: string | undefined
  /** Files and directories that the program reads as well. @default [] */
  readonly readOnly?: readonly string[] | undefined
  /** Whether it may use the network of the host. @default false */
  readonly network?: boolean | undefined
}

/** Where programs and shared libraries are. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'] as const
/** What the loader of shared libraries, and links into /etc, need. */
const SYSTEM_FILES = ['/etc/ld.so.cache', '/etc/alternatives'] as const
/** What it takes to find and to trust a server. */
const NETWORK_FILES = ['/etc/resolv.conf', '/etc/hosts', '/etc/nsswitch.conf', '/etc/ssl', '/etc/pki'] as const

/**
 * Runs a guest under bubblewrap.
 *
 * It protects the host's files, processes and network from the guest: the guest sees, read-only, the system's programs
 * and libraries, its own program and what `readOnly` names; it has a private, empty `/tmp`, `/proc` and `/dev`, no
 * capabilities, no other process, and no network unless `network` is true. Whatever it starts dies with it, also what
 * leaves its process group, and all of it dies with the host.
 *
 * It does not protect from what the guest answers, nor from its hunger: CPU, memory and `/tmp` (which is memory) are not
 * limited. The kernel is shared and no system call is filtered. With `network` the guest reaches whatever the host
 * reaches, its loopback included. SIGTERM ends the sandbox at once: the guest inside does not get to see it.
 *
 * In the sandbox `HOME` and `TMPDIR` are `/tmp`, unless the config sets them.
 */
export function bubblewrap(options: BubblewrapOptions = {}): Sandbox {
  const { binary = 'bwrap', readOnly = [], network = false } = object('options', options)
  text('binary', binary)
  strings('readOnly', readOnly)
  if (typeof network !== 'boolean') throw invalidOption('network', 'true or false', network)
  return {
    name: 'bubblewrap',
    wrap({ file, args, env, cwd }, mounts) {
      const path = env['PATH'] ?? process.env['PATH']
      const bwrap = findProgram(binary, process.env['PATH'])
      if (bwrap === undefined) throw noSuchProgram(binary, ': install bubblewrap, or set `binary` to where it is')
      const program = findProgram(file, path, cwd)
      if (program === undefined) throw noSuchProgram(file, '')
      const reads = [...mounts.readOnly, ...readOnly, ...(cwd === undefined ? [] : [cwd])].map(item => resolve(item))
      return {
        file: bwrap,
        args: [
          ...isolation(network),
          ...systemMounts(network),
          ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
          ...readOnlyMounts(program, reads, mounts),
          ...['--remount-ro', '/', '--chdir', cwd === undefined ? '/' : resolve(cwd)],
          ...['--', program, ...args],
        ],
        env: { HOME: '/tmp', TMPDIR: '/tmp', ...env },
      }
    },
  }
}

function isolation(network: boolean): string[] {
  const shared = network ? ['--share-net'] : []
  return ['--unshare-all', ...shared, '--die-with-parent', '--new-session', '--cap-drop', 'ALL']
}

/** Directories as they are here: where `/lib` is a link into `/usr`, it is one inside. */
function systemMounts(network: boolean): string[] {
  const directories = SYSTEM.filter(path => existsSync(path)).flatMap(path =>
    lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path],
  )
  const files = [...SYSTEM_FILES, ...(network ? NETWORK_FILES : [])].flatMap(path => ['--ro-bind-try', path, path])
  return [...directories, ...files]
}

/** A path is mounted where the program expects it, with what it leads to, and not again below one that is mounted. */
function readOnlyMounts(program: string, reads: readonly string[], { socketDirectory }: SandboxMounts): string[] {
  const outermost = [...new Set([...reads, program, socketDirectory])].sort((a, b) => a.length - b.length)
  const mounted: string[] = [...SYSTEM]
  for (const path of outermost) if (!mounted.some(parent => isWithin(path, parent))) mounted.push(path)
  return mounted.slice(SYSTEM.length).flatMap(path => ['--ro-bind', realpathSync(path), path])
}

function isWithin(path: string, parent: string): boolean {
  return path === parent || path.startsWith(parent + sep)
}
