import { isClosed, type ModelState, routeIn, type Step, stateOf } from './steps.js'

/**
 * Whether a call that waits now is settled as it should be on the rest of the path: the version that gets it comes up
 * before it leaves, or the aggregate is disposed of before there is one.
 *
 * @param keepsCalls - a version keeps the calls that come before it is up
 */
export function isSettledLater(now: ModelState, rest: readonly Step[], keepsCalls: boolean): boolean {
  const states = [now, ...rest.map(({ to }) => to)]
  const index = states.findIndex(state => routeIn(state) !== null || isClosed(state))
  const first = states[index]
  if (first === undefined) return false
  if (isClosed(first)) return true
  const version = routeIn(first)
  const later = states.slice(index)
  const isUp = later.findIndex(state => routeIn(state) === version && stateOf(state, version) === 'running')
  const isGone = later.findIndex(state => routeIn(state) !== version)
  if (!keepsCalls) return isUp === 0
  return isUp !== -1 && (isGone === -1 || isUp < isGone)
}
