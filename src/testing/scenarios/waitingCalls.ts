import { isClosed, type ModelState, routedVersion, type Step, versionState } from './steps.js'

/**
 * Whether a call that waits now settles on the rest of the path: the version that gets it starts before it leaves, or
 * the aggregate is disposed of before any version gets it.
 *
 * @param keepsCalls - whether a version keeps the calls that it gets before it is running
 */
export function isSettledLater(now: ModelState, rest: readonly Step[], keepsCalls: boolean): boolean {
  const states = [now, ...rest.map(({ to }) => to)]
  const index = states.findIndex(state => routedVersion(state) !== null || isClosed(state))
  const first = states[index]
  if (first === undefined) return false
  if (isClosed(first)) return true
  const version = routedVersion(first)
  const later = states.slice(index)
  const runningAt = later.findIndex(
    state => routedVersion(state) === version && versionState(state, version) === 'running',
  )
  const leavesAt = later.findIndex(state => routedVersion(state) !== version)
  if (!keepsCalls) return runningAt === 0
  return runningAt !== -1 && (leavesAt === -1 || runningAt < leavesAt)
}
