import { type CallMetrics, isCutoverError, type MirroredOutcomes, type Outcome } from 'cutover'
import { type Invariant, invariant } from './invariant.js'
import type { CallRecord } from './records.js'
import type { World } from './world.js'

/** How many calls of one kind there are, by how they ended. */
type Tally = Pick<CallMetrics, 'answered' | 'cutOff' | 'inFlight'> & { readonly rejected: number }

/** Checked when every timeout has passed, and after dispose(). */
export const counted: readonly Invariant<World>[] = [
  invariant('metrics() counts each call once, on the version that got it, by how it ended', ({ aggregate, calls }) => {
    const { versions } = aggregate.metrics()
    const known = new Set(versions.map(({ version }) => version))
    const sent = calls.filter(({ sentTo }) => sentTo !== null)
    return (
      sent.every(({ sentTo }) => known.has(sentTo?.version ?? '')) &&
      versions.every(its => {
        const own = sent.filter(({ sentTo }) => sentTo?.version === its.version)
        const [free, pinned] = [own.filter(({ pin }) => pin === null), own.filter(({ pin }) => pin !== null)]
        return isTally(its, tallyOf(free)) && isTally(its.pinned, tallyOf(pinned))
      })
    )
  }),
  invariant('metrics() counts propagated calls on the version that got them', ({ aggregate, calls }) => {
    const mirrors = calls.flatMap(({ reached }) => reached.slice(1))
    return aggregate.metrics().versions.every(({ version, mirrored }) => {
      return mirrored.calls === mirrors.filter(host => host.version === version).length && isSum(mirrored)
    })
  }),
  invariant('metrics() counts the calls that no version got', ({ aggregate, calls }) => {
    const { unsent, waiting } = aggregate.metrics()
    const others = calls.filter(({ sentTo }) => sentTo === null)
    const ended = others.filter(({ outcome }) => outcome !== null).length
    return unsent.failed + unsent.givenUp === ended && waiting === others.length - ended
  }),
  invariant('Propagated calls have ended when their version has left', ({ aggregate, here }) => {
    return aggregate.metrics().versions.every(({ version, mirrored }) => here.has(version) || mirrored.inFlight === 0)
  }),
]

/** Checked for every pair that onMirrored hears. */
export const pairHeard: readonly Invariant<{ readonly pair: MirroredOutcomes<string>; readonly call: CallRecord }>[] = [
  invariant('onMirrored hears a pair once', ({ call }, { heard }) => !heard.has(call)),
  invariant('onMirrored hears of calls that two versions got, with the version of each', ({ pair, call }) => {
    const reached = call.reached.map(({ version }) => version)
    return reached.length === 2 && [pair.active, pair.next].every(({ version }) => reached.includes(version))
  }),
  invariant('onMirrored hears the answer of the caller, after the caller', ({ pair, call: { sentTo, outcome } }) => {
    const answer = [pair.active, pair.next].find(({ version }) => version === sentTo?.version)
    return answer !== undefined && outcome !== null && isSame(answer, outcome)
  }),
]

function tallyOf(calls: readonly CallRecord[]): Tally {
  const tally = { answered: 0, cutOff: 0, rejected: 0, inFlight: 0 }
  for (const { outcome } of calls) {
    if (outcome === null) tally.inFlight++
    else if ('value' in outcome) tally.answered++
    else if (isCutoverError(outcome.error, 'CUTOVER_VERSION_STOPPED')) tally.cutOff++
    else tally.rejected++
  }
  return tally
}

function isTally(metrics: CallMetrics, { answered, cutOff, rejected, inFlight }: Tally): boolean {
  return (
    isSum(metrics) &&
    metrics.answered === answered &&
    metrics.cutOff === cutOff &&
    metrics.failed + metrics.givenUp === rejected &&
    metrics.inFlight === inFlight
  )
}

function isSum({ calls, answered, failed, failures, givenUp, cutOff, inFlight }: CallMetrics): boolean {
  const byCode = Object.values(failures).reduce((sum, count) => sum + count, 0)
  return failed === byCode && calls === answered + failed + givenUp + cutOff + inFlight
}

function isSame(outcome: Outcome, seen: NonNullable<CallRecord['outcome']>): boolean {
  if (outcome.status === 'fulfilled') return 'value' in seen && seen.value === outcome.value
  return 'error' in seen && seen.error === outcome.reason
}
