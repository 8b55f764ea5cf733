import { type CutoverError, type ErrorCode, isCutoverError } from 'cutover'
import { type Invariant, invariant } from './invariant.js'
import type { CallRecord, Outcome, Sent } from './records.js'
import type { World } from './world.js'

interface Settled {
  readonly call: CallRecord
  readonly outcome: Outcome
}

/** Of every call, as soon as `call()` has returned. */
export const callArrived: readonly Invariant<{ readonly call: CallRecord; readonly wasAborted: boolean }>[] = [
  invariant('A call whose signal has fired already is not sent', ({ call, wasAborted }) => {
    return !wasAborted || call.activeSends + call.nextSends === 0
  }),
  invariant(
    'A propagated call that goes out at once goes to the next version as well, while that runs',
    ({ call }, world) => {
      const { next, versions } = world.status
      if (!call.request.startsWith('p') || call.activeSends === 0 || world.hasReentered) return true
      const isUp = versions.some(its => its.version === next && its.state === 'running')
      return call.nextSends === (isUp ? 1 : 0)
    },
  ),
]

/** Of every call that reaches a host. */
export const callWentOut: readonly Invariant<Sent>[] = [
  invariant('A call goes to the active version, and if it is propagated to the next one after that', sent => {
    if (sent.role === 'active') return sent.isServing
    return sent.role === 'next' && sent.call.request.startsWith('p') && sent.call.activeSends === 1
  }),
  invariant('A call is sent to one active version, at most once, and to one next version, at most once', sent => {
    return (sent.role === 'next' ? sent.call.nextSends : sent.call.activeSends) === 0
  }),
  invariant('Whatever it is said to be, one host serves at a time, and none again after another has', (sent, world) => {
    const { call, host } = sent
    const hasServed = world.servers.includes(host)
    if (call.reached.length === 0) return !hasServed || world.servers.at(-1) === host
    return call.reached.length === 1 && call.request.startsWith('p') && !hasServed
  }),
  invariant('Calls go out in the order in which they arrived', ({ call, role }, { lastSent }) => {
    return role === 'next' || call.number > lastSent
  }),
  invariant('A call that has been settled is not sent', ({ call, role }) => role === 'next' || call.outcome === null),
  invariant('A call is not sent once its signal has fired', ({ call, role }) => {
    return role === 'next' || call.signal?.aborted !== true
  }),
  invariant('No call is sent once dispose() was called', (_, { isDisposeAsked }) => !isDisposeAsked),
  invariant('A host gets calls only after start() and before stop()', ({ host }) => {
    return host.starts === 1 && host.stops === 0
  }),
]

/** Of every call when its promise is settled. */
export const callSettled: readonly Invariant<Settled>[] = [
  invariant('A call settles exactly once', ({ call }) => call.settlements === 1),
  invariant('A call is answered with what its active version said', ({ call: { answer }, outcome }) => {
    return !('value' in outcome) || (answer !== null && 'value' in answer && answer.value === outcome.value)
  }),
  invariant(
    'A call fails with what its active version threw, the reason of its signal, or a code of the contract',
    ({ call, outcome }) => {
      if ('value' in outcome || isFromHost(call, outcome)) return true
      const { error } = outcome
      if (call.signal?.aborted === true && error === call.signal.reason) return call.activeSends === 0
      return isCutoverError(error) && CONTRACT.has(error.code)
    },
  ),
  ofCode(
    'CUTOVER_VERSION_STOPPED',
    'A call fails because of a switch only if it had no answer when drainTimeout had passed',
    ({ sentTo }, { options }, error) => {
      if (sentTo === null || sentTo.stopAskedAt === null || sentTo.leavingSince === null) return false
      return error.version === sentTo.version && sentTo.stopAskedAt - sentTo.leavingSince >= options.drainTimeout
    },
  ),
  ofCode(
    'CUTOVER_NO_ACTIVE_VERSION',
    'A call is given up only if it waited for waitTimeout, or a host has given up',
    ({ madeAt, activeSends }, { options, clock, hosts }) => {
      const isHopeless = hosts.some(({ events }) => events.hasGivenUp)
      return activeSends === 0 && (isHopeless || clock.now - madeAt >= options.waitTimeout)
    },
  ),
  ofCode('CUTOVER_RUNTIME_LOST', 'A call is lost only if its host has died since it got it', (call, _, error) => {
    const { sentTo, deathsBefore } = call
    return sentTo !== null && sentTo.events.deaths > deathsBefore && error.version === sentTo.version
  }),
  ofCode(
    'CUTOVER_TOO_MANY_WAITING_CALLS',
    'A call is turned away only if maxWaitingCalls wait',
    ({ activeSends, waitingBefore }, { options }) => activeSends === 0 && waitingBefore >= options.maxWaitingCalls,
  ),
  ofCode('CUTOVER_DISPOSED', 'A call is refused as disposed only after dispose()', ({ activeSends }, world) => {
    return activeSends === 0 && world.isDisposeAsked
  }),
]

const CONTRACT: ReadonlySet<ErrorCode> = new Set([
  'CUTOVER_VERSION_STOPPED',
  'CUTOVER_RUNTIME_LOST',
  'CUTOVER_NO_ACTIVE_VERSION',
  'CUTOVER_TOO_MANY_WAITING_CALLS',
  'CUTOVER_DISPOSED',
])

function isFromHost({ answer }: CallRecord, outcome: Outcome): boolean {
  return answer !== null && 'error' in answer && 'error' in outcome && answer.error === outcome.error
}

/** Of calls that fail with this code, unless that comes from the host. */
function ofCode(
  code: ErrorCode,
  sentence: string,
  holds: (call: CallRecord, world: World, error: CutoverError) => boolean,
): Invariant<Settled> {
  return invariant(sentence, ({ call, outcome }, world) => {
    if ('value' in outcome || isFromHost(call, outcome) || !isCutoverError(outcome.error, code)) return true
    return holds(call, world, outcome.error)
  })
}
