// Importing all of semver would take a fifth of this library's import time.
import compare from 'semver/functions/compare.js'
import parse from 'semver/functions/parse.js'
import { CutoverError, describe } from './errors.js'

/** A parsed version of the package `semver`. */
export interface SemVer {
  /** The text of the version, without build metadata. */
  readonly version: string
}

/** A version as users write it. Build metadata is dropped, because it does not distinguish versions (rule 2). */
export type VersionLike = string | SemVer

/**
 * Returns the canonical text of a version: `1.4.0`, `2.0.0-rc.1`.
 *
 * @param name - the name of the parameter, for the error message
 * @throws CutoverError `CUTOVER_INVALID_VERSION`: not strictly SemVer (a range, a partial version, a leading `v`, …)
 */
export function canonical(version: VersionLike, name = 'version'): string {
  const text = typeof version === 'object' && version !== null ? version.version : version
  // Null for values that are not strings, and for more than 256 characters.
  const parsed = parse(text)
  if (parsed === null) throw invalid(name, version, 'Give a full SemVer version such as 1.4.0 or 2.0.0-rc.1.')
  const strict = parsed.build.length === 0 ? parsed.version : `${parsed.version}+${parsed.build.join('.')}`
  if (text !== strict) throw invalid(name, version, `Did you mean ${JSON.stringify(strict)}?`)
  return parsed.version
}

function invalid(name: string, version: unknown, hint: string): CutoverError {
  return new CutoverError('CUTOVER_INVALID_VERSION', `${name} must be SemVer, got ${describe(version)}. ${hint}`)
}

/** Checks whether `text` equals a canonical version, apart from build metadata. */
export function isSameVersion(text: string, version: string): boolean {
  return parse(text) !== null && compare(text, version) === 0
}

/** Compares two canonical versions by SemVer precedence, ascending. */
export function byPrecedence(a: string, b: string): number {
  return compare(a, b)
}
