import { type CutoverError, type ErrorCode, isCutoverError } from 'cutover'
import { type Invariant, invariant } from './invariant.js'
import type { CallRecord, Outcome, Sent } from './records.js'
import type { World } from './world.js'

interface Settled {
  readonly call: CallRecord
  readonly outcome: Outcome
}

/** Checked for every call, as soon as `call()` has returned. */
export const callArrived: readonly Invariant<{ readonly call: CallRecord; readonly wasAborted: boolean }>[] = [
  invariant('A call whose signal has already fired is not sent', ({ call, wasAborted }) => {
    return !wasAborted || call.activeSends + call.nextSends === 0
  }),
  invariant(
    'A propagated call that is sent at once is also sent to the next version, while that is running',
    ({ call }, world) => {
      const { next, versions } = world.status
      if (!call.request.startsWith('p') || call.activeSends === 0 || world.hasReentered) return true
      const isRunning = versions.some(its => its.version === next && its.state === 'running')
      return call.nextSends === (isRunning ? 1 : 0)
    },
  ),
]

/** Checked for every call that reaches a host. */
export const callWentOut: readonly Invariant<Sent>[] = [
  invariant('A call is sent to the active version, and then, if it is propagated, to the next one', sent => {
    if (sent.role === 'active') return sent.isServing
    return sent.role === 'next' && sent.call.request.startsWith('p') && sent.call.activeSends === 1
  }),
  invariant('A call is sent at most once to one active version, and at most once to one next version', sent => {
    return (sent.role === 'next' ? sent.call.nextSends : sent.call.activeSends) === 0
  }),
  invariant('Without a swap, one host serves at a time, and none serves again after another one', (sent, world) => {
    const { call, host } = sent
    if (world.hasSwapped) return true
    const hasServed = world.servers.includes(host)
    if (call.reached.length === 0) return !hasServed || world.servers.at(-1) === host
    return call.reached.length === 1 && call.request.startsWith('p') && !hasServed
  }),
  invariant('Calls are sent in their order', ({ call, role }, { lastSent }) => {
    return role === 'next' || call.number > lastSent
  }),
  invariant('A settled call is not sent', ({ call, role }) => role === 'next' || call.outcome === null),
  invariant('A call whose signal has fired is not sent', ({ call, role }) => {
    return role === 'next' || call.signal?.aborted !== true
  }),
  invariant('No call is sent after dispose()', (_, { isDisposeAsked }) => !isDisposeAsked),
  invariant('A host gets calls only after start() and before stop()', ({ host }) => {
    return host.starts === 1 && host.stops === 0
  }),
]

/** Checked for every call when its promise settles. */
export const callSettled: readonly Invariant<Settled>[] = [
  invariant('A call settles exactly once', ({ call }) => call.settlements === 1),
  invariant('A call resolves with the answer of its active version', ({ call: { answer }, outcome }) => {
    return !('value' in outcome) || (answer !== null && 'value' in answer && answer.value === outcome.value)
  }),
  invariant(
    'A call rejects with the error of its active version, the reason of its signal, or a code of the contract',
    ({ call, outcome }) => {
      if ('value' in outcome || isFromHost(call, outcome)) return true
      const { error } = outcome
      if (call.signal?.aborted === true && error === call.signal.reason) return call.activeSends === 0
      return isCutoverError(error) && CONTRACT.has(error.code)
    },
  ),
  ofCode(
    'CUTOVER_VERSION_STOPPED',
    'A call rejects because of a switch only if it has no answer after drainTimeout',
    ({ sentTo }, { options }, error) => {
      if (sentTo === null || sentTo.stopAskedAt === null || sentTo.leavingSince === null) return false
      return error.version === sentTo.version && sentTo.stopAskedAt - sentTo.leavingSince >= options.drainTimeout
    },
  ),
  ofCode(
    'CUTOVER_NO_ACTIVE_VERSION',
    'A call rejects without a version only if it has waited for waitTimeout, or a host has given up',
    ({ madeAt, activeSends }, { options, clock, hosts }) => {
      const hasGivenUp = hosts.some(({ events }) => events.hasGivenUp)
      return activeSends === 0 && (hasGivenUp || clock.now - madeAt >= options.waitTimeout)
    },
  ),
  ofCode('CUTOVER_RUNTIME_LOST', 'A call is lost only if its host has died since it got it', (call, _, error) => {
    const { sentTo, deathsBefore } = call
    return sentTo !== null && sentTo.events.deaths > deathsBefore && error.version === sentTo.version
  }),
  ofCode(
    'CUTOVER_TOO_MANY_WAITING_CALLS',
    'A call is refused only if maxWaitingCalls calls wait',
    ({ activeSends, waitingBefore }, { options }) => activeSends === 0 && waitingBefore >= options.maxWaitingCalls,
  ),
  ofCode('CUTOVER_DISPOSED', 'A call rejects with CUTOVER_DISPOSED only after dispose()', ({ activeSends }, world) => {
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

/** Checked for calls that reject with this code, unless the error is that of the host. */
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
