import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { invalidOption } from '../../contract/index.js'
import type { ChildProcessOptions } from './childProcessOptions.js'

/**
 * The environment that makes Node.js use its compile cache, whose folder is made if it is missing. Empty if that is not possible. A
 * sandbox gets no cache: what a guest writes there, a guest of another module would run.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`
 */
export function compileCacheOf({ compileCache, sandbox }: ChildProcessOptions): Readonly<Record<string, string>> {
  if (compileCache === false) return {}
  if (compileCache !== undefined && (typeof compileCache !== 'string' || !isAbsolute(compileCache))) {
    throw invalidOption('compileCache', 'an absolute path, or false', compileCache)
  }
  if (sandbox !== undefined || !hasCompileCache(process.versions.node)) return {}
  const folder = compileCache ?? defaultFolder()
  return folder === undefined || !isUsable(folder) ? {} : { NODE_COMPILE_CACHE: folder }
}

/** Whether Node.js reads the variable. Earlier versions ignore it. */
function hasCompileCache(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 1)
}

/** A folder of our user alone: in a shared one, such as /tmp, others could leave code for us to run. */
function defaultFolder(): string | undefined {
  const given = process.env['XDG_CACHE_HOME'] ?? ''
  try {
    const cache = isAbsolute(given) ? given : join(homedir(), '.cache')
    return isAbsolute(cache) ? join(cache, 'cutover', 'compile-cache') : undefined
  } catch {
    // There is no home directory.
    return undefined
  }
}

function isUsable(folder: string): boolean {
  try {
    makeFolder(folder)
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Makes a folder that only our user can enter, and those above it. The recursive `mkdir` of Node.js, and so its compile cache, never
 * returns where the file system refuses every new folder with ENOENT, as /proc and automounted folders do (Node.js 20 to 24).
 */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    // Another process may have made it.
    if (!existsSync(folder)) throw error
  }
}
