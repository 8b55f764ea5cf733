import { describe, expect, it } from 'vitest'
import type { Judge, RoutedCall } from '../../../src/rollout/judge/index.js'
import { randomFrom } from '../../fixtures/randomFrom.js'
import { judgeOf } from './simulation/rollout.js'

const SHARE = 0.2

function judgeAt(percent: number, warmUp = 100): Judge {
  const judge = judgeOf({ maxSlowdown: 2, warmUp })
  judge.begin({ kind: 'step', step: 0, percent })
  return judge
}

/** Durations of 5 ms and more, with a long tail. */
function duration(random: () => number): number {
  return 5 / (1 - random() * 0.999)
}

/** Sends calls one after the other until the alarm. Returns the candidate's calls. */
function run(judge: Judge, seed: number, slowdown: (calls: number) => number, calls = 10_000): number {
  const random = randomFrom(seed)
  let own = 0
  for (let n = 0; n < calls && !judge.isUnhealthy; n++) {
    const isCandidate = random() < SHARE
    if (isCandidate) own += 1
    judge.settled(
      judge.routed(isCandidate, SHARE, undefined),
      false,
      duration(random) * (isCandidate ? slowdown(own) : 1),
    )
  }
  return own
}

describe('maxSlowdown', () => {
  it('spares a candidate that is as fast, and one that is slower by the factor that is allowed', () => {
    for (const slowdown of [1, 2]) {
      for (let seed = 1; seed <= 40; seed++) {
        const judge = judgeAt(20)
        run(judge, seed, () => slowdown)
        expect(judge.isUnhealthy).toBe(false)
      }
    }
  })

  it('ends a candidate that is slower than that, and says so', () => {
    const judge = judgeAt(20)
    expect(run(judge, 1, () => 10)).toBeLessThan(200)
    expect(judge.report().reason).toMatch(/^It is slower than maxSlowdown allows: /)
  })

  it('ends a candidate of which one call in twenty is slow', () => {
    const judge = judgeAt(20)
    expect(run(judge, 1, calls => (calls % 20 === 0 ? 1_000 : 1))).toBeLessThan(1_500)
    expect(judge.isUnhealthy).toBe(true)
  })

  it('leaves out the first calls of a cold version', () => {
    const judge = judgeAt(20)
    run(judge, 1, calls => (calls <= 100 ? 1_000 : 1))
    expect(judge.isUnhealthy).toBe(false)
    const strict = judgeAt(20, 0)
    // Judged as soon as the durations of the active version are known.
    run(strict, 1, calls => (calls <= 200 ? 1_000 : 1))
    expect(strict.isUnhealthy).toBe(true)
  })

  it('leaves out the calls that were routed to a cold version and settle later', () => {
    const judge = judgeAt(20)
    const cold = Array.from({ length: 1_000 }, () => judge.routed(true, SHARE, undefined))
    run(judge, 1, () => 1)
    for (const call of cold) judge.settled(call, false, 60_000)
    expect(judge.isUnhealthy).toBe(false)
  })

  it('has the limit of calls with keys once such a call was slow', () => {
    const judge = judgeAt(20)
    run(judge, 1, () => 1, 3_000)
    const before = judge.report().limit
    const slow = (key: string | undefined) => judge.settled(judge.routed(true, SHARE, key), false, 1e6)
    slow(undefined)
    expect(judge.report().limit).toBe(before)
    slow('ada')
    expect(judge.report().limit).toBeGreaterThan(before)
  })

  it('counts a call that hangs, while it hangs, and once', () => {
    const judge = judgeAt(20)
    run(judge, 1, () => 1, 3_000)
    const limit = judge.slowAfter(true)
    expect(limit).toBe(judge.slowAfter(false) * 2)
    const hanging = Array.from({ length: 30 }, () => judge.routed(true, SHARE, undefined))
    for (const call of hanging) judge.stillRunning(call, limit - 1)
    const before = judge.report().evidence['maxSlowdown'] ?? 0
    const [first] = hanging as [RoutedCall]
    judge.stillRunning(first, limit + 1)
    const once = judge.report().evidence['maxSlowdown'] ?? 0
    expect(once).toBeGreaterThan(before)
    judge.stillRunning(first, limit + 1)
    expect(judge.report().evidence['maxSlowdown']).toBe(once)
    for (const call of hanging) judge.stillRunning(call, 1e6)
    expect(judge.isUnhealthy).toBe(true)
  })

  it('counts hangs of a candidate that has answered no call', () => {
    const judge = judgeAt(20)
    const random = randomFrom(1)
    const hanging: RoutedCall[] = []
    for (let n = 0; n < 3_000 && !judge.isUnhealthy; n++) {
      if (n % 5 === 0) hanging.push(judge.routed(true, SHARE, undefined))
      else judge.settled(judge.routed(false, SHARE, undefined), false, duration(random))
      for (const call of hanging.slice(-200)) judge.stillRunning(call, 1e6)
    }
    expect(judge.isUnhealthy).toBe(true)
  })

  it('gives each key one vote', () => {
    const judge = judgeAt(20)
    run(judge, 1, () => 1, 3_000)
    for (let n = 0; n < 500; n++) judge.settled(judge.routed(true, SHARE, 'user1'), false, 1e6)
    expect(judge.isUnhealthy).toBe(false)
  })

  it('raises suspicion in the soak, by what the active version took in the steps', () => {
    const judge = judgeAt(20)
    run(judge, 1, () => 1, 3_000)
    judge.begin({ kind: 'soak', step: 1, percent: 100, history: { calls: 3_000, failures: 0 } })
    for (let n = 0; n < 100; n++) judge.settled(judge.routed(true, 1, undefined), false, 5)
    expect(judge.suspects).toBe(false)
    for (let n = 0; n < 20; n++) judge.settled(judge.routed(true, 1, undefined), false, 1e6)
    expect(judge.suspects).toBe(true)
    expect(judge.isUnhealthy).toBe(false)
  })

  it('raises suspicion in a soak without steps, by the past', () => {
    const judge = judgeOf({ maxSlowdown: 2, warmUp: 0 })
    judge.begin({ kind: 'soak', step: 0, percent: 100, history: { calls: 3_000, failures: 0, p90: 20, p99: 50 } })
    expect(judge.slowAfter(true)).toBe(40)
    for (let n = 0; n < 20; n++) judge.stillRunning(judge.routed(true, 1, undefined), 41)
    expect(judge.suspects).toBe(true)
  })

  it('is not applied without the option: no call is slow', () => {
    const judge = judgeOf()
    expect(judge.slowAfter(true)).toBe(Number.POSITIVE_INFINITY)
  })
})
