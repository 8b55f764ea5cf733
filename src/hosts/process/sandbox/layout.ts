import { type Mount, ownKernelFiles, readOnlyMounts, systemMounts } from './filesystem.js'
import { guestUser } from './guestUser.js'
import { asUser, openTo, readableMounts } from './unprivileged.js'

/** The parts of a sandbox. All paths are absolute. */
export interface Layout {
  /** Where bubblewrap is. */
  readonly bwrap: string
  readonly network: boolean
  readonly files: readonly Mount[]
  readonly socketDirectory: string
  /** Directories that are empty at first, and can be written. */
  readonly temporary: readonly string[]
  readonly cwd: string
  readonly command: readonly string[]
}

/** The arguments of bubblewrap when we are not root: it makes a user namespace, in which it may mount. */
export function argsOf(layout: Layout): string[] {
  const { network, files, socketDirectory } = layout
  const mounts = [...files, { source: socketDirectory, path: socketDirectory }]
  return [
    ...isolation(network),
    ...systemMounts(network),
    ...ownKernelFiles(),
    ...contents(layout, mounts),
    ...inside(layout),
  ]
}

/**
 * The arguments of bubblewrap when we are root. It runs twice: as root, to mount what another user could not get at; below
 * that as a user of the guest's own, to isolate it. So the guest is not root for the kernel either, which it would be in a
 * user namespace of root's: it could write to `/proc/sys`, and have the system run its programs as root.
 *
 * The host's `/proc` is mounted in between, and covered in the end: only who sees all of it may mount one of its own.
 *
 * @throws CutoverError `CUTOVER_START_FAILED` when that user cannot read what it has to
 */
export function argsAsRoot(layout: Layout, setpriv: string): string[] {
  const { bwrap, network, files, socketDirectory } = layout
  const user = guestUser()
  openTo(user, socketDirectory)
  const mounts = [...files.flatMap(readableMounts), { source: socketDirectory, path: socketDirectory }]
  return [
    ...['--die-with-parent', ...systemMounts(network), '--dev-bind', '/proc', '/proc', '--dev', '/dev'],
    ...contents(layout, mounts, ['--perms', '1777']),
    ...['--', ...asUser(user, setpriv), bwrap],
    ...[...isolation(network), '--bind', '/', '/', ...ownKernelFiles(), ...inside(layout)],
  ]
}

function isolation(network: boolean): string[] {
  const shared = network ? ['--share-net'] : []
  return ['--unshare-all', ...shared, '--die-with-parent', '--new-session', '--cap-drop', 'ALL']
}

/** `/tmp` comes first: what is mounted may be in it. Other temporary directories may be in what is mounted. */
function contents({ temporary }: Layout, mounts: readonly Mount[], permissions: readonly string[] = []): string[] {
  const empty = (path: string) => [...permissions, '--tmpfs', path]
  const [first = '/tmp', ...others] = temporary
  return [...empty(first), ...readOnlyMounts(mounts), ...others.flatMap(empty), '--remount-ro', '/']
}

function inside({ cwd, command }: Layout): string[] {
  return ['--chdir', cwd, '--', ...command]
}
