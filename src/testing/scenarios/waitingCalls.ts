import { isClosed, type ModelState, type Step, servingVersion } from './steps.js'

/** Whether a call that waits now settles on the rest of the path: a version serves, or the aggregate is disposed of. */
export function isSettledLater(now: ModelState, rest: readonly Step[]): boolean {
  return [now, ...rest.map(({ to }) => to)].some(state => servingVersion(state) !== null || isClosed(state))
}
