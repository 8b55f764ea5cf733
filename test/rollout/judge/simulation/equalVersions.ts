import type { Judge } from '../../../../src/rollout/judge/index.js'
import { callsToFailure, type Random } from './traffic.js'

/** One rollout of a version that is as good as the active one. Returns whether the judge raised a false alarm. */
export type EqualRollout = (judge: Judge, random: Random) => boolean

const CALLS = 3_000
const STEPS = [1, 5, 25, 50]

function fail(judge: Judge, random: Random, share: number): void {
  judge.settled(judge.routed(random() < share, share, undefined), true, 1)
}

/** All calls at one share, and at one rate. */
export function steady(rate: number, share: number): EqualRollout {
  return (judge, random) => {
    judge.begin({ kind: 'step', step: 0, percent: share * 100 })
    for (let call = callsToFailure(random, rate); call <= CALLS; call += callsToFailure(random, rate)) {
      fail(judge, random, share)
      if (judge.isUnhealthy) return true
    }
    return false
  }
}

/** The rate of both grows, or falls, with the steps. Counts that are added up across steps then blame one version. */
export function ramp(from: number, to: number): EqualRollout {
  return stepwise((n, calls) => from + ((to - from) * n) / calls)
}

/** A dependency of both fails three times, for 50 calls each. */
export function outages(): EqualRollout {
  return (judge, random) => {
    const begun = [random(), random(), random()].map(at => Math.floor(at * CALLS))
    return stepwise(n => (begun.some(at => n >= at && n < at + 50) ? 1 : 0.002))(judge, random)
  }
}

function stepwise(rateAt: (n: number, calls: number) => number): EqualRollout {
  return (judge, random) => {
    for (let n = 0; n < CALLS; n++) {
      const step = Math.floor((n * STEPS.length) / CALLS)
      const percent = STEPS[step] ?? 0
      if (n % (CALLS / STEPS.length) === 0) judge.begin({ kind: 'step', step, percent })
      if (random() < rateAt(n, CALLS)) fail(judge, random, percent / 100)
      if (judge.isUnhealthy) return true
    }
    return false
  }
}

/** Some keys make most of the calls, and each fails at a rate of its own. A key stays with the candidate once it is there. */
export function stickyKeys(count: number): EqualRollout {
  return (judge, random) => {
    const keys = Array.from({ length: count }, (_, n) => ({
      key: `user${n}`,
      place: random(),
      // A tenth of the keys fail half of the time.
      rate: random() < 0.1 ? 0.5 : 0.002,
    }))
    for (const [step, percent] of STEPS.entries()) {
      judge.begin({ kind: 'step', step, percent })
      for (let n = 0; n < CALLS / STEPS.length; n++) {
        // The square favours the first keys.
        const from = keys[Math.floor(random() ** 2 * count)]
        if (from === undefined || random() >= from.rate) continue
        judge.settled(judge.routed(from.place < percent / 100, percent / 100, from.key), true, 1)
        if (judge.isUnhealthy) return true
      }
    }
    return false
  }
}
