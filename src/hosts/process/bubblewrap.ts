import { resolve } from 'node:path'
import { boolean, CutoverError, describe, object, strings, text } from '../../contract/index.js'
import { findProgram, noSuchProgram, type Sandbox, startFailed } from './command.js'
import { mountsOf } from './sandbox/filesystem.js'
import { argsAsRoot, argsOf } from './sandbox/layout.js'
import { limitArgs, type SandboxLimits } from './sandbox/limits.js'
import { isShared } from './sandbox/sharedFolders.js'

/** The options of {@link bubblewrap}. */
export interface BubblewrapOptions {
  /** Where bubblewrap is: a path, or a name in `PATH`. @default 'bwrap' */
  readonly binary?: string | undefined
  /** Files and directories that the program reads as well. @default [] */
  readonly readOnly?: readonly string[] | undefined
  /** Whether it may use the network of the host. @default false */
  readonly network?: boolean | undefined
  /** Limits on the resources of the guest; needs `prlimit` of util-linux. @default no limits */
  readonly limits?: SandboxLimits | undefined
}

const TEMPORARY = '/tmp'

/**
 * Runs a guest under bubblewrap.
 *
 * It protects the host's files, processes and network from the guest: the guest sees, read-only, the system's programs
 * and libraries, its own program, for a module the file and its package, and what `readOnly` names; it has a private, empty
 * `/tmp`, `/proc` and `/dev`, no capabilities, no other process, and no network unless `network` is true. Processes that
 * it starts end with it, also those that leave its process group, and all end with the host. When the host is root, the
 * guest is a user of its own, for the kernel as well, which needs `setpriv` of util-linux.
 *
 * It does not protect from what the guest answers. The kernel is shared and no system call is filtered. With `network` the
 * guest reaches whatever the host reaches, its loopback included. `limits` bounds memory, processes and open files;
 * CPU time, files in `/tmp` and `/dev/shm` (which are memory) and shared mappings are not limited. SIGTERM ends the sandbox
 * at once: the guest inside does not get to see it.
 *
 * In the sandbox `HOME` and `TMPDIR` are `/tmp`, unless the config sets them; `TMPDIR` can be written wherever it is.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`, also for a `readOnly` that many programs share, such as `/tmp`
 */
export function bubblewrap(options: BubblewrapOptions = {}): Sandbox {
  const { binary = 'bwrap', readOnly = [], limits = {} } = object('options', options)
  text('binary', binary)
  for (const path of strings('readOnly', readOnly)) if (isShared(path)) throw sharedByMany(path)
  const network = boolean('network', options.network, false)
  const limited = limitArgs(limits)
  return {
    name: 'bubblewrap',
    wrap({ file, args, env: given, cwd: folder }, { readOnly: reads, socketDirectory }) {
      const env = { HOME: TEMPORARY, TMPDIR: TEMPORARY, ...given }
      const cwd = folder === undefined ? '/' : resolve(folder)
      const temporary = [...new Set([TEMPORARY, resolve('/', env.TMPDIR)])]
      const bwrap = tool(binary, 'install bubblewrap, or set `binary` to where it is')
      const program = findProgram(file, given['PATH'] ?? process.env['PATH'], folder)
      if (program === undefined) throw noSuchProgram(file, '')
      const limiter = limited.length === 0 ? [] : [tool('prlimit', 'install util-linux, or set no limits')]
      const setpriv = process.getuid?.() === 0 ? tool('setpriv', NEEDED_BY_ROOT) : undefined
      const tools = setpriv === undefined ? limiter : [...limiter, setpriv, bwrap]
      const paths = [...reads, ...readOnly, ...directory(cwd, temporary), program, ...tools]
      const layout = {
        ...{ bwrap, network, socketDirectory, temporary, cwd },
        files: mountsOf(paths.map(path => resolve(path))),
        command: [...limiter, ...limited, program, ...args],
      }
      return { file: bwrap, args: setpriv === undefined ? argsOf(layout) : argsAsRoot(layout, setpriv), env }
    },
  }
}

const NEEDED_BY_ROOT =
  'install util-linux: a host that is root needs it to make its guest another user; or run the host as one'

/** A program that the sandbox is made with. */
function tool(name: string, remedy: string): string {
  const path = findProgram(name, process.env['PATH'])
  if (path === undefined) throw noSuchProgram(name, `: ${remedy}`)
  return path
}

/** The working directory is mounted, unless it is there anyway. */
function directory(cwd: string, temporary: readonly string[]): string[] {
  if (cwd === '/' || temporary.includes(cwd)) return []
  if (!isShared(cwd)) return [cwd]
  const remedy = 'give `cwd` a folder of its own, or none'
  throw startFailed(`The sandbox does not mount ${describe(cwd)}, which many programs share: ${remedy}.`)
}

function sharedByMany(path: string): CutoverError {
  const remedy = 'name the files and folders in it that the guest reads'
  const message = `Option "readOnly" must not have ${describe(path)}, which many programs share: ${remedy}.`
  return new CutoverError('CUTOVER_INVALID_OPTION', message)
}
