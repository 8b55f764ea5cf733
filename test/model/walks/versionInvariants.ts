import { isCutoverError } from 'cutover'
import { type Invariant, invariant } from './invariant.js'
import type { PromiseRecord } from './records.js'
import type { WalkHost } from './walkHost.js'

interface Asked {
  readonly method: 'start' | 'stop'
  readonly host: WalkHost
}

/** Of every `start()` and `stop()` that reaches a host. */
export const hostAsked: readonly Invariant<Asked>[] = [
  invariant('A version starts at most once', ({ host }) => host.starts <= 1),
  invariant('A version stops at most once', ({ host }) => host.stops <= 1),
  invariant('A version never stops without having started, nor starts after it stopped', ({ method, host }) => {
    return method === 'start' ? host.stops === 0 : host.starts === 1
  }),
  invariant('At most two versions are up at once', (_, { hosts }) => {
    return hosts.filter(({ starts, hasLeft }) => starts > 0 && !hasLeft).length <= 2
  }),
  invariant('A version with unanswered calls is stopped only when drainTimeout has passed', (asked, world) => {
    const { method, host } = asked
    if (method === 'start' || !host.hasUnanswered) return true
    return host.leavingSince !== null && world.clock.now - host.leavingSince >= world.options.drainTimeout
  }),
]

/** Of every version that is on its way out. */
export const versionLeaves: readonly Invariant<WalkHost>[] = [
  invariant('In an overlap, a next version that runs takes over before the old one leaves', (host, world) => {
    const { state, active, next, wanted } = world.status
    if (world.options.handover === 'sequential' || world.hasReentered || state !== 'running') return true
    return host.version !== active || next !== wanted.active || next === null || !world.here.get(next)?.events.isUp
  }),
]

/** Of every version that is not in the aggregate any more. */
export const versionLeft: readonly Invariant<WalkHost>[] = [
  invariant('A version that started leaves only when it has stopped, or stopTimeout has passed', (host, world) => {
    if (host.starts === 0 || host.events.wentDown || host.events.hasEnded) return true
    return host.stopAskedAt !== null && world.clock.now - host.stopAskedAt >= world.options.stopTimeout
  }),
]

/** Of every version that has become the active one. */
export const activeChanged: readonly Invariant<WalkHost>[] = [
  invariant(
    'A version takes over before the old one has left only in an overlap, and only if it runs',
    (host, world) => {
      return !world.isHolding || (world.options.handover === 'overlap' && host.events.isUp)
    },
  ),
]

/** Of every promise but those of calls, when it is settled. */
export const promiseSettled: readonly Invariant<PromiseRecord>[] = [
  invariant('setVersion() gives the pair that was in place once all was settled', ({ of, outcome, seen }) => {
    if (of !== 'setVersion' || outcome === null || 'error' in outcome) return true
    return JSON.stringify(outcome.value) === JSON.stringify(seen[0])
  }),
  invariant('setVersion() is refused only after dispose()', ({ of, outcome }, { isDisposeAsked }) => {
    if (of !== 'setVersion' || outcome === null || 'value' in outcome) return true
    return isDisposeAsked && isCutoverError(outcome.error, 'CUTOVER_DISPOSED')
  }),
  invariant('stop() and dispose() give notice only when all is down', ({ of, seen, up }, { status, hosts }) => {
    const areDown = (hosts: readonly WalkHost[]) =>
      hosts.every(({ starts, stops, hasLeft }) => starts === 0 || (hasLeft && stops > 0))
    if (of === 'stop') return seen.length > 0 && areDown(up)
    return of !== 'dispose' || (status.state === 'disposed' && areDown(hosts))
  }),
  invariant('stop() and dispose() never fail', ({ of, outcome }) => {
    return (of !== 'stop' && of !== 'dispose') || (outcome !== null && 'value' in outcome)
  }),
  invariant('getInfo() and abort() end as the active host has it, and fail without one', ({ of, outcome, active }) => {
    if ((of !== 'getInfo' && of !== 'abort') || outcome === null) return true
    if (active === null) return 'error' in outcome && isCutoverError(outcome.error, 'CUTOVER_NO_ACTIVE_VERSION')
    const given = active.gives[of]
    if ('error' in outcome) return 'error' in given && outcome.error === given.error
    return 'value' in given && outcome.value === given.value
  }),
  invariant('whenRunning() gives the version asked for, once seen running', ({ of, outcome, version, seen }) => {
    if (of !== 'whenRunning' || outcome === null || 'error' in outcome) return true
    return seen.includes(outcome.value as string) && (version === null || outcome.value === version)
  }),
  invariant(
    'whenRunning() fails only with its signal, after dispose(), or for a version that is not wanted',
    ({ of, outcome, signal, version, wasUnwanted }, { isDisposeAsked }) => {
      if (of !== 'whenRunning' || outcome === null || 'value' in outcome) return true
      const { error } = outcome
      if (signal?.aborted === true && error === signal.reason) return true
      if (isCutoverError(error, 'CUTOVER_NO_SUCH_VERSION')) return wasUnwanted && error.version === version
      return isCutoverError(error, 'CUTOVER_DISPOSED') && isDisposeAsked
    },
  ),
]

/** Of every host, when something was asked of the aggregate that it passes on at once. */
export const hostsReached: readonly Invariant<{
  readonly host: WalkHost
  readonly times: number
  readonly isAddressed: boolean
}>[] = [
  invariant(
    'getInfo() and abort() reach the active host, updateCapabilityTEE() the next as well, once and no others',
    ({ host, times, isAddressed }) => {
      // From within, it may have left before its turn came.
      return isAddressed ? times === 1 || (times === 0 && host.hasLeft) : times === 0
    },
  ),
]

/** Of every command that the aggregate may refuse. */
export const commandRefused: readonly Invariant<{
  readonly expected: string | null
  readonly actual: string | null
}>[] = [
  invariant('A command is refused for the reasons of the contract only, and then it is', ({ expected, actual }) => {
    return expected === actual
  }),
]
