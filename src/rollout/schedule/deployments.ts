import {
  byPrecedence,
  CutoverError,
  canonical,
  describe,
  isCutoverError,
  type VersionLike,
} from '../../contract/index.js'

/** One entry of a schedule. */
export interface Deployment {
  /** SemVer; build metadata does not distinguish. */
  readonly version: VersionLike
  /** When the version becomes the active one: an epoch, ms since 1970, or any other finite number that rises with time. */
  readonly validFrom: number
}

/** A {@link Deployment} that has been checked, and copied. */
export interface CheckedDeployment {
  /** Canonical SemVer. */
  readonly version: string
  readonly validFrom: number
}

/**
 * Checks a whole list.
 *
 * @param maxFuture - how many deployments may begin after `now`
 * @throws CutoverError `CUTOVER_INVALID_DEPLOYMENTS`, naming the rule that the list breaks
 */
export function checkDeployments(given: unknown, now: number, maxFuture: number): readonly CheckedDeployment[] {
  const list = copyOf(given)
  for (const [n, deployment] of list.entries()) {
    const before = list[n - 1]
    if (before !== undefined) assertLater(before, deployment, n)
  }
  const future = list.filter(({ validFrom }) => validFrom > now)
  const first = future[maxFuture]
  if (first !== undefined) {
    const message = `${future.length} deployments begin after ${now}, and at most ${maxFuture} may (maxFuture). Leave out version ${first.version} and those after it.`
    throw invalidDeployments(message, first.version)
  }
  return list
}

/**
 * Checks that a list may replace the one before it: deployments that have begun stay as they are, and none is added to the
 * past. Deployments before the active one may be left out.
 *
 * @throws CutoverError `CUTOVER_INVALID_DEPLOYMENTS`, naming the rule that the list breaks
 */
export function assertReplaces(
  before: readonly CheckedDeployment[],
  list: readonly CheckedDeployment[],
  now: number,
): void {
  if (before.length === 0) return
  const hasBegun = ({ validFrom }: CheckedDeployment) => validFrom <= now
  const changed = list
    .filter(hasBegun)
    .find(({ version, validFrom }) => !before.some(its => its.version === version && its.validFrom === validFrom))
  if (changed !== undefined) {
    const message = `Version ${changed.version} is valid from ${changed.validFrom}, which is over at ${now}, and the list before had no such deployment. One that has begun cannot change, and none can be added to the past.`
    throw invalidDeployments(message, changed.version)
  }
  const active = before.findLast(hasBegun)
  const isActive = ({ version, validFrom }: CheckedDeployment) =>
    version === active?.version && validFrom === active.validFrom
  if (active === undefined || list.some(isActive)) return
  const message = `Version ${active.version} is active, and the list leaves it out, or lets it begin later. One that has begun cannot change.`
  throw invalidDeployments(message, active.version)
}

function copyOf(given: unknown): CheckedDeployment[] {
  try {
    if (!Array.isArray(given)) throw invalidDeployments(`deployments must be an array, got ${describe(given)}.`)
    return Array.from(given, checked)
  } catch (error) {
    // A getter of the user's object may throw anything.
    if (isCutoverError(error, 'CUTOVER_INVALID_DEPLOYMENTS')) throw error
    throw invalidDeployments('The list of deployments cannot be read.', undefined, error)
  }
}

function checked(given: unknown, n: number): CheckedDeployment {
  if (typeof given !== 'object' || given === null) {
    throw invalidDeployments(`deployments[${n}] must be { version, validFrom }, got ${describe(given)}.`)
  }
  const { version: text, validFrom } = given as Partial<Deployment>
  const version = canonicalAt(n, text)
  if (typeof validFrom === 'number' && Number.isFinite(validFrom)) return { version, validFrom }
  const message = `deployments[${n}].validFrom must be a finite number, got ${describe(validFrom)}.`
  throw invalidDeployments(message, version)
}

function canonicalAt(n: number, text: VersionLike | undefined): string {
  const name = `deployments[${n}].version`
  try {
    return canonical(text as VersionLike, name)
  } catch (cause) {
    if (!isCutoverError(cause)) throw cause
    throw invalidDeployments(cause.message, undefined, cause)
  }
}

function assertLater(before: CheckedDeployment, deployment: CheckedDeployment, n: number): void {
  const { version, validFrom } = deployment
  if (byPrecedence(before.version, version) >= 0) {
    const message = `deployments[${n}] has version ${version} behind version ${before.version}. Versions must rise in the order of the list.`
    throw invalidDeployments(message, version)
  }
  if (before.validFrom >= validFrom) {
    const message = `deployments[${n}], version ${version}, is valid from ${validFrom}, and the lower version ${before.version} from ${before.validFrom}. A higher version must begin later.`
    throw invalidDeployments(message, version)
  }
}

function invalidDeployments(message: string, version?: string, cause?: unknown): CutoverError {
  return new CutoverError('CUTOVER_INVALID_DEPLOYMENTS', message, { version, cause })
}
