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
    return !wasAborted || call.sends + call.mirrors === 0
  }),
  invariant(
    'A propagated call that is sent at once is also sent to the next version, while that is running',
    ({ call }, world) => {
      const { active, next, versions } = world.status
      if (!call.request.startsWith('p') || call.sends === 0 || world.hasReentered) return true
      const running = versions.filter(({ version, state }) => {
        return state === 'running' && (version === active || version === next)
      })
      return call.mirrors === (call.pin === null ? running.length - 1 : 0)
    },
  ),
]

/** Checked for every call that reaches a host. */
export const callWentOut: readonly Invariant<Sent>[] = [
  invariant(
    'A call is sent to the version that it names, else to the active version, or to the next one by its share',
    ({ call, host, role, isUp, isMirror, share }) => {
      if (isMirror) return true
      if (call.pin !== null) return isUp && host.version === call.pin && (role === 'active' || role === 'next')
      return isUp && (role === 'active' ? share < 100 : role === 'next' && share > 0)
    },
  ),
  invariant('A propagated call is then sent to the other of both, at most once', sent => {
    const { call, role, isMirror, host } = sent
    if (!isMirror) return call.sends === 0
    const isOther = (role === 'next' || role === 'active') && !call.reached.includes(host)
    return isOther && call.pin === null && call.request.startsWith('p') && call.sends === 1 && call.mirrors === 0
  }),
  invariant('A host has been told its role before it gets a call in it', ({ role, share, host: { toldRole } }) => {
    if (role === 'active') return toldRole === 'active'
    return toldRole === (share > 0 ? 'sharing' : 'next')
  }),
  invariant(
    'Without swaps, shares and pins, one host serves at a time, and none serves again after another one',
    (sent, world) => {
      const { call, host } = sent
      if (world.hasSwapped || world.hasShared || world.hasPinned) return true
      const hasServed = world.servers.includes(host)
      if (call.reached.length === 0) return !hasServed || world.servers.at(-1) === host
      return call.reached.length === 1 && call.request.startsWith('p') && !hasServed
    },
  ),
  invariant(
    'Calls are sent in their order, but for those in a share and those that name a version',
    ({ call, isMirror }, world) => {
      return isMirror || world.hasShared || world.hasPinned || call.number > world.lastSent
    },
  ),
  invariant('A settled call is not sent', ({ call, isMirror }) => isMirror || call.outcome === null),
  invariant('A call whose signal has fired is not sent', ({ call, isMirror }) => {
    return isMirror || call.signal?.aborted !== true
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
      if (call.signal?.aborted === true && error === call.signal.reason) return call.sends === 0
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
    ({ madeAt, sends, pin }, { options, clock, hosts }) => {
      const hasGivenUp = hosts.some(({ events }) => events.hasGivenUp)
      return pin === null && sends === 0 && (hasGivenUp || clock.now - madeAt >= options.waitTimeout)
    },
  ),
  ofCode(
    'CUTOVER_NOT_RUNNING',
    'A call rejects because its version does not run only if it has waited for waitTimeout, or a host has given up',
    ({ madeAt, sends, pin }, { options, clock, hosts }, error) => {
      const hasGivenUp = hosts.some(({ version, events }) => version === pin && events.hasGivenUp)
      const hasWaited = hasGivenUp || clock.now - madeAt >= options.waitTimeout
      return pin !== null && sends === 0 && error.version === pin && hasWaited
    },
  ),
  ofCode(
    'CUTOVER_NO_SUCH_VERSION',
    'A call that names its version rejects with that version if it cannot get there',
    ({ sends, pin }, _, error) => pin !== null && sends === 0 && error.version === pin,
  ),
  ofCode('CUTOVER_RUNTIME_LOST', 'A call is lost only if its host has died since it got it', (call, _, error) => {
    const { sentTo, deathsBefore } = call
    return sentTo !== null && sentTo.events.deaths > deathsBefore && error.version === sentTo.version
  }),
  ofCode(
    'CUTOVER_TOO_MANY_WAITING_CALLS',
    'A call is refused only if maxWaitingCalls calls wait',
    ({ sends, waitingBefore }, { options }) => sends === 0 && waitingBefore >= options.maxWaitingCalls,
  ),
  ofCode('CUTOVER_DISPOSED', 'A call rejects with CUTOVER_DISPOSED only after dispose()', ({ sends }, world) => {
    return sends === 0 && world.isDisposeAsked
  }),
]

const CONTRACT: ReadonlySet<ErrorCode> = new Set([
  'CUTOVER_VERSION_STOPPED',
  'CUTOVER_RUNTIME_LOST',
  'CUTOVER_NO_ACTIVE_VERSION',
  'CUTOVER_NOT_RUNNING',
  'CUTOVER_NO_SUCH_VERSION',
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
