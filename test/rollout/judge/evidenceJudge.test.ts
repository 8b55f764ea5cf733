import { describe, expect, it } from 'vitest'
import type { Judge } from '../../../src/rollout/judge/index.js'
import { randomFrom } from '../../fixtures/randomFrom.js'
import { judgeOf } from './simulation/rollout.js'

function begin(judge: Judge, percent: number, step = 0): void {
  judge.begin({ kind: 'step', step, percent })
}

function send(
  judge: Judge,
  isCandidate: boolean,
  failed: boolean,
  { share = 0.05, key = undefined as string | undefined } = {},
) {
  judge.settled(judge.routed(isCandidate, share, key), failed, 1)
}

/** The test as it is written down: docs/decisions. */
class ByTheBook {
  readonly #theta = [1.25, 1.5, 2, 3, 5, 10, 30, 100]
  readonly #a = this.#theta.map(() => 0)
  #n = 0
  failed(isCandidate: boolean, share: number): number {
    const v = this.#n === 0 ? 1 / 2 : (1 / 2) * (1 / Math.log2(this.#n + 1) - 1 / Math.log2(this.#n + 2))
    this.#n += 1
    for (const [k, theta] of this.#theta.entries()) {
      const r = (isCandidate ? theta : 1) / (1 + share * (theta - 1))
      this.#a[k] = Math.min(1e300, ((this.#a[k] ?? 0) + v / 8) * r)
    }
    return this.#a.reduce((sum, each) => sum + each, 0)
  }
}

describe('The comparison', () => {
  it('is the conditional test with fresh stake, whatever the share', () => {
    const [judge, book, random] = [judgeOf({ falseAlarms: 1e-12 }), new ByTheBook(), randomFrom(1)]
    begin(judge, 5)
    for (let n = 0; n < 2_000; n++) {
      const [isCandidate, share] = [random() < 0.2, [0.01, 0.05, 0.25, 0.5][n % 4] ?? 0]
      send(judge, isCandidate, true, { share })
      const expected = book.failed(isCandidate, share)
      const { failures = Number.NaN } = judge.report().evidence
      expect(Math.abs(failures / expected - 1)).toBeLessThan(1e-9)
    }
  })

  it('is not changed by calls that succeed, nor by failures that chance had no part in', () => {
    const judge = judgeOf()
    begin(judge, 5)
    send(judge, true, true)
    const before = judge.report().evidence
    for (let n = 0; n < 1_000; n++) send(judge, n % 20 === 0, false)
    for (const share of [0, 1, Number.NaN]) send(judge, true, true, { share })
    expect(judge.report().evidence).toEqual(before)
  })

  it('stays finite, and unhealthy for good', () => {
    const judge = judgeOf()
    begin(judge, 5)
    for (let n = 0; n < 5_000; n++) send(judge, true, true, { share: 0.01 })
    for (let n = 0; n < 100_000; n++) send(judge, false, true, { share: 0.01 })
    expect(Number.isFinite(judge.report().evidence['failures'])).toBe(true)
    expect(judge.isUnhealthy).toBe(true)
    expect(judge.verdict()).toBe('unhealthy')
  })

  it('goes on from step to step', () => {
    const judge = judgeOf()
    begin(judge, 5)
    for (let n = 0; n < 2; n++) send(judge, true, true)
    const { evidence } = judge.report()
    begin(judge, 25, 1)
    expect(judge.report()).toMatchObject({ evidence, candidate: { calls: 0 }, limit: 1_000 })
    for (let n = 0; n < 3; n++) send(judge, true, true)
    expect(judge.report()).toMatchObject({ verdict: 'unhealthy', candidate: { calls: 3, failures: 3 } })
  })

  it('says why, with the figures of the step', () => {
    const judge = judgeOf()
    begin(judge, 5)
    for (let n = 0; n < 1_200; n++) send(judge, false, n === 7)
    for (let n = 0; n < 6; n++) send(judge, true, true)
    expect(judge.report().reason).toMatch(
      /^It fails more often than the active version: [45] of [45] of its calls failed, and 1 of 1,200 of the active version's\.$/,
    )
  })
})

describe('A key', () => {
  it('has one vote', () => {
    const judge = judgeOf()
    begin(judge, 5)
    for (let n = 0; n < 1_000; n++) send(judge, true, true, { key: 'user1' })
    expect(judge.isUnhealthy).toBe(false)
    for (let n = 2; n < 9; n++) send(judge, true, true, { key: `user${n}` })
    expect(judge.isUnhealthy).toBe(true)
  })

  it('has its vote again in the next step, which begins anew, with a stricter limit', () => {
    const judge = judgeOf({}, 3)
    begin(judge, 5)
    for (let n = 0; n < 3; n++) send(judge, true, true, { key: `user${n}` })
    const { evidence, limit } = judge.report()
    expect(limit).toBe(5_000)
    begin(judge, 25, 1)
    expect(judge.report().evidence).toEqual({ failures: 0 })
    for (let n = 0; n < 3; n++) send(judge, true, true, { key: `user${n}` })
    expect(judge.report().evidence).toEqual(evidence)
  })

  it('counts once in a rollout as evidence that the candidate is as good', () => {
    const judge = judgeOf()
    const phase = (step: number, firstKey: number) => {
      begin(judge, 5, step)
      for (let n = 0; n < 110; n++) send(judge, true, false)
      for (let n = 0; n < 40; n++) send(judge, false, true, { key: `user${firstKey + n}` })
      return judge.verdict()
    }
    expect(phase(0, 0)).toBe('unknown')
    expect(phase(1, 0)).toBe('unknown')
    expect(phase(2, 40)).toBe('healthy')
  })

  it('does not use up its vote where chance has no part', () => {
    const judge = judgeOf()
    begin(judge, 100)
    send(judge, true, true, { key: 'user1', share: 1 })
    expect(judge.report().evidence).toEqual({ failures: 0 })
    send(judge, true, true, { key: 'user1' })
    expect(judge.report().evidence['failures']).toBeGreaterThan(0)
  })

  it('is seldom taken for another', () => {
    // Each failure of the active version reduces the evidence, if its key is new.
    const judge = judgeOf()
    begin(judge, 5)
    let votes = 0
    for (let n = 0; n < 500; n++) {
      const before = judge.report().evidence['failures'] ?? 0
      send(judge, false, true, { key: `user${n}`, share: 0.5 })
      if (judge.report().evidence['failures'] !== before) votes += 1
    }
    expect(votes).toBeGreaterThanOrEqual(495)
  })
})

describe('A step', () => {
  it('is unknown below minCalls, and healthy with enough calls that succeed', () => {
    const judge = judgeOf()
    begin(judge, 5)
    for (let n = 0; n < 99; n++) send(judge, true, false)
    expect(judge.verdict()).toBe('unknown')
    for (let n = 0; n < 301; n++) send(judge, true, false)
    expect(judge.verdict()).toBe('healthy')
    begin(judge, 25, 1)
    expect(judge.verdict()).toBe('unknown')
    for (let n = 0; n < 100; n++) send(judge, true, false)
    expect(judge.verdict()).toBe('healthy')
  })

  it('is unknown with minCalls alone: calls prove little', () => {
    const judge = judgeOf()
    begin(judge, 5)
    for (let n = 0; n < 200; n++) send(judge, true, false)
    expect(judge.verdict()).toBe('unknown')
  })

  it('is healthy when failures fall on the active version, though both fail often', () => {
    const judge = judgeOf()
    begin(judge, 5)
    for (let n = 0; n < 2_000; n++) send(judge, n % 20 === 0, n % 10 === 1 || n % 200 === 0)
    expect(judge.verdict()).toBe('healthy')
  })

  it('is unknown while there is suspicion', () => {
    const judge = judgeOf()
    begin(judge, 5)
    for (let n = 0; n < 2_000; n++) send(judge, true, false)
    expect(judge.verdict()).toBe('healthy')
    for (let n = 0; n < 3; n++) send(judge, true, true)
    expect(judge.isUnhealthy).toBe(false)
    expect(judge.verdict()).toBe('unknown')
  })

  it('with minCalls 0 is healthy at once, unless unhealthy', () => {
    const judge = judgeOf({ minCalls: 0 })
    begin(judge, 5)
    expect(judge.verdict()).toBe('healthy')
    for (let n = 0; n < 9; n++) send(judge, true, true)
    expect(judge.verdict()).toBe('unhealthy')
  })
})

describe('maxErrorRate', () => {
  /** Sends calls at a share; returns the candidate's calls until the alarm. */
  function run(
    rates: { active: number; candidate: number },
    { max = 0.05, share = 0.05, seed = 1, calls = 20_000 } = {},
  ) {
    const [judge, random] = [judgeOf({ maxErrorRate: max, falseAlarms: 1e-3 }), randomFrom(seed)]
    begin(judge, share * 100)
    // Sticky keys of few users: the comparison sees next to nothing.
    for (let n = 0; n < calls && !judge.isUnhealthy; n++) {
      const isCandidate = random() < share
      const failed = random() < (isCandidate ? rates.candidate : rates.active)
      send(judge, isCandidate, failed, { share, key: isCandidate ? 'user1' : 'user2' })
    }
    return judge.report()
  }

  it('ends a candidate that exceeds it, also where few keys blind the comparison', () => {
    const { verdict, candidate, reason } = run({ active: 0.01, candidate: 0.3 })
    expect(verdict).toBe('unhealthy')
    expect(candidate.calls).toBeLessThan(60)
    expect(reason).toMatch(/^It fails more often than maxErrorRate allows: /)
  })

  it.each([0.05, 0.5])('spares a candidate that stays below it, at a share of %s', share => {
    for (let seed = 1; seed <= 50; seed++)
      expect(run({ active: 0.01, candidate: 0.04 }, { share, seed }).verdict).not.toBe('unhealthy')
  })

  it.each([0.05, 0.5])('does not apply while the active version exceeds it, too, at a share of %s', share => {
    for (let seed = 1; seed <= 50; seed++)
      expect(run({ active: 1, candidate: 1 }, { share, seed, calls: 1_000 }).verdict).not.toBe('unhealthy')
  })

  it('applies again once the active version has recovered', () => {
    const judge = judgeOf({ maxErrorRate: 0.05 })
    begin(judge, 50)
    for (let n = 0; n < 100; n++) send(judge, n % 2 === 0, true, { key: 'user1' })
    for (let n = 0; n < 1_000; n++) send(judge, false, false, { key: 'user2' })
    expect(judge.isUnhealthy).toBe(false)
    for (let n = 0; n < 40; n++)
      for (const isCandidate of [true, false]) send(judge, isCandidate, isCandidate, { key: 'user1' })
    expect(judge.isUnhealthy).toBe(true)
  })

  it('of 0 takes any failure for proof, and of 1 none', () => {
    for (const [max, verdict] of [
      [0, 'unhealthy'],
      [1, 'healthy'],
    ] as const) {
      const judge = judgeOf({ maxErrorRate: max })
      begin(judge, 5)
      for (let n = 0; n < 1_000; n++) send(judge, true, false)
      send(judge, true, true)
      for (let n = 0; n < 32; n++) send(judge, false, false)
      expect(judge.verdict()).toBe(verdict)
    }
  })

  it('makes the limits stricter, so that falseAlarms holds for all tests together', () => {
    expect(judgeOf().report().limit).toBe(1_000)
    expect(judgeOf({ maxErrorRate: 0.05, maxSlowdown: 2 }).report().limit).toBe(3_000)
  })
})

describe('The soak', () => {
  const history = { calls: 10_000, failures: 10 }
  const soaking = (judge: Judge, past = history) => judge.begin({ kind: 'soak', step: 2, percent: 100, history: past })

  it('suspects a candidate that fails more often than the past, and is no verdict', () => {
    const judge = judgeOf()
    soaking(judge)
    for (let n = 0; n < 5_000; n++) send(judge, true, n % 100 === 0, { share: 1 })
    expect(judge.suspects).toBe(false)
    for (let n = 0; n < 40; n++) send(judge, true, true, { share: 1 })
    expect(judge.suspects).toBe(true)
    expect(judge.isUnhealthy).toBe(false)
  })

  it('suspects nothing that was as frequent in the past', () => {
    const judge = judgeOf()
    soaking(judge, { calls: 1_000, failures: 300 })
    for (let n = 0; n < 5_000; n++) send(judge, true, n % 4 === 0, { share: 1 })
    expect(judge.suspects).toBe(false)
  })

  it('suspects nothing in a step or in a crossing, and counts their calls', () => {
    const judge = judgeOf()
    for (const kind of ['step', 'crossing'] as const) {
      judge.begin({ kind, step: 0, percent: 50 })
      for (let n = 0; n < 400; n++) send(judge, n % 2 === 0, true, { share: 0.5 })
      expect(judge.suspects).toBe(false)
      expect(judge.calls).toBe(400)
    }
  })

  it('crosses over where maxErrorRate seems to be exceeded, because a dependency of both may fail', () => {
    const judge = judgeOf({ maxErrorRate: 0.001 })
    soaking(judge, { calls: 100, failures: 90 })
    for (let n = 0; n < 50; n++) send(judge, true, true, { share: 1 })
    expect(judge.isUnhealthy).toBe(false)
    expect(judge.suspects).toBe(true)
  })
})
