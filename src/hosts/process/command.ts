import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { CutoverError, describe } from '../../contract/index.js'

/** A program and how to run it. */
export interface ProcessCommand {
  /** A path, or a name to look up in `PATH`. */
  readonly file: string
  /** The arguments of the program. No shell interprets them. */
  readonly args: readonly string[]
  /** The guest's environment, besides `PATH`, `HOME`, `LANG` and `TMPDIR`. */
  readonly env: Readonly<Record<string, string>>
  /** @default the working directory of the host */
  readonly cwd?: string
  /** The text of its standard input. @default nothing */
  readonly input?: string
}

/** The files and directories that the program needs inside a sandbox. */
export interface SandboxMounts {
  /** Files and directories that it reads. */
  readonly readOnly: readonly string[]
  /** The directory with the socket that it connects to. */
  readonly socketDirectory: string
}

/** Turns a command into one that runs the same program with fewer rights. */
export interface Sandbox {
  /** For messages. */
  readonly name: string
  /** @throws CutoverError `CUTOVER_START_FAILED` when the sandbox or the program is not installed */
  wrap(command: ProcessCommand, mounts: SandboxMounts): ProcessCommand
}

/** The error of a guest that cannot be launched: says why, and keeps the cause. */
export function startFailed(message: string, cause?: unknown): CutoverError {
  return new CutoverError('CUTOVER_START_FAILED', message, { cause })
}

/**
 * Finds the program `file` as a shell would. Undefined if there is none.
 *
 * @param cwd - what relative paths begin at. Default the working directory of this process
 */
export function findProgram(file: string, path: string | undefined, cwd?: string): string | undefined {
  return placesOf(file, path, cwd).find(isProgram)
}

/**
 * Throws if the command can never run.
 *
 * @throws CutoverError `CUTOVER_START_FAILED`, naming the directory or the program that is not there
 */
export function assertRunnable({ file, env, cwd }: ProcessCommand): void {
  const refuse = (why: string) => startFailed(`The command ${describe(file)} cannot be run: ${why}`)
  if (cwd !== undefined && !existsSync(cwd)) throw refuse(`its directory ${describe(cwd)} does not exist.`)
  const places = placesOf(file, env['PATH'], cwd)
  if (places.some(isProgram)) return
  const found = places.find(place => existsSync(place))
  if (found === undefined) throw noSuchProgram(file, ': install it, or give its path')
  throw refuse(`${describe(found)} is not a file that we may execute (EACCES).`)
}

/** The search path of the system if PATH is not set. */
const DEFAULT_PATH = '/usr/bin:/bin'

/** The candidate paths of the program, best first. */
function placesOf(file: string, path = DEFAULT_PATH, cwd = workingDirectory()): string[] {
  if (file.includes('/')) return [resolve(cwd, file)]
  return path.split(delimiter).map(folder => join(resolve(cwd, folder), file))
}

/** The working directory of this process. If it was removed, relative paths do not resolve. */
function workingDirectory(): string {
  try {
    return process.cwd()
  } catch {
    return '/nonexistent'
  }
}

/** The error for a missing program, with the places that were searched. */
export function noSuchProgram(file: string, hint: string): CutoverError {
  const where = file.includes('/') ? '' : ' in PATH'
  return startFailed(`There is no program ${describe(file)}${where}${hint}.`)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
