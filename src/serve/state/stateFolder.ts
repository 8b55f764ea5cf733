import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { UserError } from '../userError.js'

/** Where a service keeps what outlives it. */
export interface StateFolder {
  readonly path: string
  /** The record of the rollout. */
  readonly store: string
  readonly releases: string
  /** The Unix socket for the other commands. */
  readonly socket: string
}

export function stateFolder(path: string): StateFolder {
  return {
    path,
    store: join(path, 'rollout.json'),
    releases: join(path, 'releases'),
    socket: join(path, 'control.sock'),
  }
}

/** Makes the folders, for our user alone. A folder that is there already keeps its mode. @throws UserError */
export async function makeStateFolder({ path, releases }: StateFolder): Promise<void> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 })
    await mkdir(releases, { recursive: true, mode: 0o700 })
    if (made !== undefined) await chmod(path, 0o700)
    await chmod(releases, 0o700)
  } catch (cause) {
    throw new UserError(
      `The state folder ${path} cannot be used: ${(cause as Error).message}. Name another one with --state.`,
      1,
      cause,
    )
  }
  const { uid } = await stat(path)
  if (uid === process.getuid?.()) return
  throw new UserError(`The state folder ${path} belongs to another user. Name another one with --state.`, 1)
}

/** Removes a record that a crash has left half-written. Only while the store is locked. */
export async function cleanStateFolder({ path, store }: StateFolder): Promise<void> {
  const halfWritten = new RegExp(`^${basename(store)}\\.\\d+$`)
  for (const name of await readdir(path)) if (halfWritten.test(name)) await rm(join(path, name), { force: true })
}
