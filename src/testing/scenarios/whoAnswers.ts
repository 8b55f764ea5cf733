import { isClosed, type ModelState, type Step, servingIn } from './steps.js'

/** Whether a call that waits now is settled on the rest of the path: a version serves, or the aggregate is disposed of. */
export function isSettledLater(now: ModelState, rest: readonly Step[]): boolean {
  return [now, ...rest.map(({ to }) => to)].some(state => servingIn(state) !== null || isClosed(state))
}
