import { realpathSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { resolve } from 'node:path'

/** Folders that many programs and users keep their files and sockets in. */
const SHARED = ['/', '/dev', '/etc', '/home', '/proc', '/root', '/run', '/sys', '/tmp', '/var', '/var/tmp'] as const

/** Whether `folder` holds what belongs to others: the root, `/tmp`, the home directory and the like. Never throws. */
export function isShared(folder: string): boolean {
  const shared = [...SHARED, tmpdir(), homedir(), ...homeOfUser()].map(real)
  return shared.includes(real(folder))
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}

/** The home directory that the system knows, whatever the environment says. */
function homeOfUser(): string[] {
  try {
    return [userInfo().homedir]
  } catch {
    return []
  }
}
