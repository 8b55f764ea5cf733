import { type AggregateStatus, isCutoverError } from 'cutover'
import { type Invariant, invariant } from './invariant.js'
import type { PromiseRecord } from './records.js'
import type { WalkHost } from './walkHost.js'

interface Asked {
  readonly method: 'start' | 'stop'
  readonly host: WalkHost
}

/** Checked for every `start()` and `stop()` that reaches a host. */
export const hostAsked: readonly Invariant<Asked>[] = [
  invariant('A version starts at most once', ({ host }) => host.starts <= 1),
  invariant('A version stops at most once', ({ host }) => host.stops <= 1),
  invariant('A version is not stopped before its start, and not started after its stop', ({ method, host }) => {
    return method === 'start' ? host.stops === 0 : host.starts === 1
  }),
  invariant('At most two versions are started at a time', (_, { hosts }) => {
    return hosts.filter(({ starts, hasLeft }) => starts > 0 && !hasLeft).length <= 2
  }),
  invariant('A version with calls in flight is stopped only after drainTimeout', (asked, world) => {
    const { method, host } = asked
    if (method === 'start' || !host.hasUnanswered) return true
    return host.leavingSince !== null && world.clock.now - host.leavingSince >= world.options.drainTimeout
  }),
]

/** Checked for every version that begins to leave. */
export const versionLeaves: readonly Invariant<WalkHost>[] = [
  invariant('In an overlap, a running next version takes over before the old one leaves', (host, world) => {
    const { state, active, next, wanted } = world.status
    if (world.options.handover === 'sequential' || world.hasReentered || state !== 'running') return true
    return host.version !== active || next !== wanted.active || next === null || !world.here.get(next)?.events.isUp
  }),
]

/** Checked for every version that has left the aggregate. */
export const versionLeft: readonly Invariant<WalkHost>[] = [
  invariant('A started version leaves only after it has stopped, or after stopTimeout', (host, world) => {
    if (host.starts === 0 || host.events.wentDown || host.events.hasEnded) return true
    return host.stopAskedAt !== null && world.clock.now - host.stopAskedAt >= world.options.stopTimeout
  }),
]

/** Checked for every version that becomes active. */
export const activeChanged: readonly Invariant<WalkHost>[] = [
  invariant(
    'A version takes over before the old one has left only in an overlap, and only if it is running',
    (host, world) => {
      return !world.isHolding || (world.options.handover === 'overlap' && host.events.isUp)
    },
  ),
]

/** Checked after every `swap()`. */
export const swapped: readonly Invariant<{
  readonly before: AggregateStatus
  readonly after: AggregateStatus
  readonly isRefused: boolean
}>[] = [
  invariant('A swap exchanges active and next at once, and nothing else', ({ before, after, isRefused }, world) => {
    // A host may act inside its call() when a waiting call reaches it.
    if (world.hasReentered) return true
    const { active, next, wanted, ...others } = before
    const states = ({ versions }: AggregateStatus) => versions.map(({ version, state }) => `${version} ${state}`)
    const isSame = after.phase === others.phase && `${states(after)}` === `${states(before)}`
    if (isRefused) return isSame && after.active === active && after.next === next
    return isSame && after.active === next && after.next === active && after.wanted.active === wanted.next
  }),
]

/** Checked for every promise when it settles, except for calls. */
export const promiseSettled: readonly Invariant<PromiseRecord>[] = [
  invariant('setVersion() resolves with the pair in place when the aggregate was settled', ({ of, outcome, seen }) => {
    if (of !== 'setVersion' || outcome === null || 'error' in outcome) return true
    return JSON.stringify(outcome.value) === JSON.stringify(seen[0])
  }),
  invariant('swap() resolves with the exchanged pair, or rejects for the reasons of the contract', record => {
    const { of, outcome, seen } = record
    if (of !== 'swap' || outcome === null) return true
    if ('value' in outcome) return JSON.stringify(outcome.value) === JSON.stringify(seen[0])
    return isCutoverError(outcome.error) && outcome.error.code === seen[0]
  }),
  invariant('setVersion() rejects only after dispose()', ({ of, outcome }, { isDisposeAsked }) => {
    if (of !== 'setVersion' || outcome === null || 'value' in outcome) return true
    return isDisposeAsked && isCutoverError(outcome.error, 'CUTOVER_DISPOSED')
  }),
  invariant(
    'stop() and dispose() resolve only when all versions are stopped',
    ({ of, seen, up }, { status, hosts }) => {
      const areDown = (hosts: readonly WalkHost[]) =>
        hosts.every(({ starts, stops, hasLeft }) => starts === 0 || (hasLeft && stops > 0))
      if (of === 'stop') return seen.length > 0 && areDown(up)
      return of !== 'dispose' || (status.state === 'disposed' && areDown(hosts))
    },
  ),
  invariant('stop() and dispose() never reject', ({ of, outcome }) => {
    return (of !== 'stop' && of !== 'dispose') || (outcome !== null && 'value' in outcome)
  }),
  invariant(
    'getInfo() and abort() have the outcome of the active host, and reject without one',
    ({ of, outcome, active }) => {
      if ((of !== 'getInfo' && of !== 'abort') || outcome === null) return true
      if (active === null) return 'error' in outcome && isCutoverError(outcome.error, 'CUTOVER_NO_ACTIVE_VERSION')
      const given = active.gives[of]
      if ('error' in outcome) return 'error' in given && outcome.error === given.error
      return 'value' in given && outcome.value === given.value
    },
  ),
  invariant('whenRunning() resolves with the given version, after it was running', ({ of, outcome, version, seen }) => {
    if (of !== 'whenRunning' || outcome === null || 'error' in outcome) return true
    return seen.includes(outcome.value as string) && (version === null || outcome.value === version)
  }),
  invariant(
    'whenRunning() rejects only with its signal, after dispose(), or for a version that is not wanted',
    ({ of, outcome, signal, version, wasUnwanted }, { isDisposeAsked }) => {
      if (of !== 'whenRunning' || outcome === null || 'value' in outcome) return true
      const { error } = outcome
      if (signal?.aborted === true && (error === signal.reason || isCopyWithCause(error, signal.reason))) return true
      if (isCutoverError(error, 'CUTOVER_NO_SUCH_VERSION')) return wasUnwanted && error.version === version
      return isCutoverError(error, 'CUTOVER_DISPOSED') && isDisposeAsked
    },
  ),
]

/** The version had failed: the reason arrives as a copy, with the failure as its cause. */
function isCopyWithCause(error: unknown, reason: Error): boolean {
  if (!(error instanceof Error) || !(error.cause instanceof Error)) return false
  return error.message === reason.message && Object.getPrototypeOf(error) === Object.getPrototypeOf(reason)
}

/** Checked for every host, after a method that the aggregate forwards at once. */
export const hostsReached: readonly Invariant<{
  readonly host: WalkHost
  readonly times: number
  readonly isAddressed: boolean
}>[] = [
  invariant(
    'getInfo() and abort() reach the active host once, updateCapabilityTEE() also the next, and no others',
    ({ host, times, isAddressed }) => {
      // Inside an event, the host may have left before its turn.
      return isAddressed ? times === 1 || (times === 0 && host.hasLeft) : times === 0
    },
  ),
]

/** Checked for every command that the aggregate may refuse. */
export const commandRefused: readonly Invariant<{
  readonly expected: string | null
  readonly actual: string | null
}>[] = [
  invariant('A command is refused exactly for the reasons of the contract', ({ expected, actual }) => {
    return expected === actual
  }),
]
