import { describe, expect, it } from 'vitest'
import { randomFrom } from '../../fixtures/randomFrom.js'
import { argo, flagger } from './simulation/contenders.js'
import { expectDocumented, inWords } from './simulation/documented.js'
import { type EqualRollout, outages, ramp, steady, stickyKeys } from './simulation/equalVersions.js'
import { judgeOf, soak, throughSteps } from './simulation/rollout.js'
import { quantileOf, type Traffic, untilAlarm, type Watcher, watching } from './simulation/traffic.js'

/** The rollouts of each kind. `SIMULATIONS=10000` compares the figures in docs/judge.md exactly, which takes some minutes. */
const RUNS = Number(process.env['SIMULATIONS'] ?? 400)
const IS_FULL = RUNS >= 10_000
const MEDIANS = IS_FULL ? 1_000 : 60

const EQUAL: readonly (readonly [name: string, rollout: EqualRollout])[] = [
  ...[0, 0.001, 0.01, 0.05, 0.2].flatMap(rate =>
    [0.01, 0.05, 0.25, 0.5].map((share): [string, EqualRollout] => [
      `${rate * 100} % of failures, share ${share * 100} %`,
      steady(rate, share),
    ]),
  ),
  ['a ramp from 0 to 20 % of failures over the steps', ramp(0, 0.2)],
  ['a ramp from 20 to 0 % of failures over the steps', ramp(0.2, 0)],
  ['three outages of both', outages()],
  ['sticky keys, 20 of them', stickyKeys(20)],
  ['sticky keys, 300 of them', stickyKeys(300)],
]

describe(`A version that is as good, in ${RUNS} rollouts each`, () => {
  let worst = 0

  it.each(EQUAL)('raises at most 20 false alarms in 10,000: %s', (name, rollout) => {
    let alarms = 0
    for (let run = 1; run <= RUNS; run++) if (rollout(judgeOf(), randomFrom(run * 7_919))) alarms += 1
    worst = Math.max(worst, alarms)
    if (IS_FULL) console.log(`${name}: ${alarms} false alarms`)
    expect(alarms).toBeLessThanOrEqual(Math.max(2, RUNS * 0.002))
  })

  it.runIf(IS_FULL)('docs/judge.md has the most false alarms of all these', () => {
    expectDocumented(`equal versions, ${EQUAL.length} settings: most false alarms`, [`${worst} of 10,000`, '20'], true)
  })
})

describe('A version that is as good, for an hour at a share of 5 %', () => {
  it.each([
    [0.05, 'Argo', argo],
    [0.01, 'Flagger', flagger],
  ] as const)(
    'with %s failures: a rule of thresholds (that of %s) stops it, the judge does not',
    (rate, name, rule) => {
      const runs = IS_FULL ? 50 : 2
      const traffic = { share: 0.05, active: rate, candidate: rate }
      const alarmed = (make: () => Watcher) =>
        Array.from({ length: runs }, (_, run) => untilAlarm(make(), randomFrom(run + 1), traffic, 18_000)).filter(
          alarm => alarm !== undefined,
        ).length
      const [theirs, ours] = [alarmed(rule), alarmed(() => watching(judgeOf(), 0.05))]
      if (IS_FULL) {
        const row = `equal versions, an hour with ${rate * 100} % of failures: stopped by ${name}'s rule`
        expectDocumented(row, [`${theirs} of ${runs}; by the judge ${ours}`, '0 by the judge'], true)
      }
      expect({ ours, areTheirs: theirs > runs / 2 }).toEqual({ ours: 0, areTheirs: true })
    },
  )
})

const WORSE: readonly (readonly [name: string, traffic: Traffic, atMost: number])[] = [
  ['0 → 100 %', { share: 0.05, active: 0, candidate: 1 }, 5],
  ['1 → 50 %', { share: 0.05, active: 0.01, candidate: 0.5 }, 10],
  ['1 → 5 %', { share: 0.05, active: 0.01, candidate: 0.05 }, 260],
  ['0 → 1 %', { share: 0.05, active: 0, candidate: 0.01 }, 450],
  ['1 → 2 %', { share: 0.05, active: 0.01, candidate: 0.02 }, 2_700],
]

/** Compares a row of the table in docs/judge.md, also with the rules of others on the same streams. */
function documentWorse(
  name: string,
  traffic: Traffic,
  { calls, hurt, atMost }: { calls: readonly number[]; hurt: readonly number[]; atMost: number },
): void {
  const rivals = [flagger, argo].map(rule => {
    const theirs = Array.from({ length: IS_FULL ? 50 : 9 }, (_, run) => {
      const alarm = untilAlarm(rule(), randomFrom(run + 1), traffic, 20_000)
      return alarm?.calls ?? Number.POSITIVE_INFINITY
    })
    return inWords(quantileOf(theirs, 0.5))
  })
  const own = [
    `${inWords(quantileOf(calls, 0.5))} / ${inWords(quantileOf(calls, 0.95))}`,
    inWords(quantileOf(hurt, 0.5)),
  ]
  expectDocumented(name, [...own, inWords(atMost), ...rivals], IS_FULL)
}

describe('A version that is worse leaves', () => {
  it.each(WORSE)('%s: the median of its calls is small at a share of 5 %', (name, traffic, atMost) => {
    const figures = Array.from({ length: MEDIANS }, (_, run) => {
      const alarm = untilAlarm(watching(judgeOf(), traffic.share), randomFrom(run + 1), traffic, 100_000)
      return alarm ?? { calls: Number.POSITIVE_INFINITY, failures: Number.POSITIVE_INFINITY }
    })
    const calls = figures.map(each => each.calls)
    const hurt = figures.map(each => each.failures)
    documentWorse(name, traffic, { calls, hurt, atMost })
    expect(quantileOf(calls, 0.5)).toBeLessThanOrEqual(atMost)
  })

  it('1 → 100 % after a million good calls: the median is at most 12', () => {
    const traffic = { share: 0.05, active: 0.01, candidate: 1 }
    const calls = Array.from({ length: IS_FULL ? 101 : 5 }, (_, run) => {
      const random = randomFrom(run + 1)
      const watcher = watching(judgeOf(), 0.05)
      let good = 0
      // A million calls that fail at a rate of 1 %; both versions are equally good.
      while (good++ < 1_000_000) watcher(random() < 0.05, random() < 0.01)
      return untilAlarm(watcher, random, traffic, 1_000)?.calls ?? 1_000
    })
    // The rules of others look at the last minutes only.
    documentWorse('1 → 100 %, after a million calls', traffic, { calls, hurt: calls, atMost: 12 })
    expect(quantileOf(calls, 0.5)).toBeLessThanOrEqual(12)
  })
})

describe('The steps 5, 25 and 50 %', () => {
  const verdictsOf = (rates: { active: number; candidate: number }, runs: number) =>
    Array.from({ length: runs }, (_, run) => throughSteps(judgeOf(), randomFrom(run + 1), rates))

  it('1 → 5 %: at most 1 % are declared healthy', () => {
    const runs = IS_FULL ? 2_000 : 100
    const verdicts = verdictsOf({ active: 0.01, candidate: 0.05 }, runs)
    const healthy = verdicts.filter(({ verdict }) => verdict === 'healthy')
    if (IS_FULL) {
      const figures = [`${healthy.length} of 2,000`, '1 %']
      expectDocumented('1 → 5 %: declared healthy at the end of the steps 5, 25 and 50 %', figures, true)
    }
    expect(healthy.length).toBeLessThanOrEqual(runs * 0.01)
  })

  it.each([0, 0.001, 0.01, 0.05])('a version that is as good passes them, at a failure rate of %s', rate => {
    const runs = IS_FULL ? 500 : 20
    const verdicts = verdictsOf({ active: rate, candidate: rate }, runs)
    const healthy = verdicts.filter(({ verdict }) => verdict === 'healthy')
    const calls = quantileOf(
      healthy.map(each => each.calls),
      0.5,
    )
    if (IS_FULL) console.log(`${rate} → ${rate}: ${healthy.length} of ${runs} pass, median of its calls ${calls}`)
    expect(healthy.length).toBeGreaterThanOrEqual(runs * 0.9)
  })
})

describe('The soak', () => {
  it.each([
    [0, 1, 16],
    [0.01, 0.05, 1_300],
    [0.01, 1, 20],
  ])('from a failure rate of %s to %s it is back after a median of at most %s calls', (before, after, atMost) => {
    const runs = IS_FULL ? 1_000 : 50
    const calls = Array.from({ length: runs }, (_, run) => {
      const rateAt = (n: number, isCandidate: boolean) => (isCandidate && n >= 1_000 ? after : before)
      const history = { calls: 20_000, failures: 20_000 * before }
      const options = { calls: 20_000, faultAt: 1_000, history }
      return soak(judgeOf(), randomFrom(run + 1), rateAt, options) ?? 20_000
    })
    const figures = [`${inWords(quantileOf(calls, 0.5))} / ${inWords(quantileOf(calls, 0.95))}`, inWords(atMost)]
    expectDocumented(`soak, ${before * 100} → ${after * 100} %: calls until it is back, median / p95`, figures, IS_FULL)
    expect(quantileOf(calls, 0.5)).toBeLessThanOrEqual(atMost)
  })

  it.each([{}, { maxErrorRate: 0.05 }])('an outage of both brings back at most 1 of 1,000, with %j', options => {
    const runs = IS_FULL ? 1_000 : 100
    const back = Array.from({ length: runs }, (_, run) => {
      const rateAt = (n: number) => (n >= 1_000 && n < 2_500 ? 0.9 : 0.002)
      const history = { calls: 20_000, failures: 40 }
      return soak(judgeOf(options), randomFrom(run + 1), rateAt, { calls: 6_000, history })
    }).filter(calls => calls !== undefined)
    if (IS_FULL) {
      const name = `soak, outage of both${'maxErrorRate' in options ? ', with `maxErrorRate`' : ''}: rolled back`
      expectDocumented(name, [`${back.length} of 1,000`, '1'], true)
    }
    expect(back.length).toBeLessThanOrEqual(1)
  })
})
