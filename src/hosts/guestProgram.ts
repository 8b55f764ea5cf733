import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { CutoverError, invalidOption } from '../contract/index.js'
import { moduleUrl } from '../module/index.js'
import { isLocation } from './provisioner.js'

/** The program that a thread or a process runs to serve a module: a file, or a script without imports. */
export type GuestProgram =
  | { readonly file: string; readonly text?: never }
  | { readonly text: string; readonly file?: never }

/** Replaced by the text of `src/guest/text.ts` when this file is bundled. */
declare const GUEST_TEXT: string | undefined

/**
 * Finds the program for threads (`worker`) or processes (`process`): the file that `guestUrl` names, else the file in this
 * package, else the text that this library carries for bundles, which leave the file behind.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION` if `guestUrl` names no file; `CUTOVER_START_FAILED` in a checkout that is
 * not built
 */
export function guestProgram(kind: 'process' | 'worker', guestUrl: URL | string | undefined): GuestProgram {
  if (guestUrl !== undefined) return { file: namedFile(kind, guestUrl) }
  const file = packagedFile(kind)
  if (file !== undefined) return { file }
  if (typeof GUEST_TEXT === 'string') return { text: GUEST_TEXT }
  throw new CutoverError(
    'CUTOVER_START_FAILED',
    `The guest program of cutover (dist/guest/${kind}.js) is missing. In a checkout of cutover, run: npm run build`,
  )
}

function namedFile(kind: 'process' | 'worker', guestUrl: unknown): string {
  const url = locationOf(guestUrl)
  if (url?.protocol !== 'file:') {
    const expected = `the file URL or the path of a bundle or a copy of cutover/guest/${kind}`
    throw invalidOption('guestUrl', expected, url?.href ?? guestUrl)
  }
  const file = fileURLToPath(url)
  if (existsSync(file)) return file
  throw invalidOption('guestUrl', `a file that exists: bundle or copy cutover/guest/${kind} to it`, file)
}

function locationOf(guestUrl: unknown): URL | undefined {
  try {
    return isLocation(guestUrl) ? moduleUrl(guestUrl) : undefined
  } catch {
    return undefined
  }
}

/** The file beside this library, unless this library was bundled into a program. */
function packagedFile(kind: 'process' | 'worker'): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`#guest/${kind}`)
  } catch {
    return undefined
  }
}
