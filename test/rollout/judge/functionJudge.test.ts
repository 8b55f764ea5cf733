import { describe, expect, it } from 'vitest'
import { createJudge, type HealthFunction, type HealthSample, type Judge } from '../../../src/rollout/judge/index.js'

function judgeBy(health: HealthFunction): { judge: Judge; advance: (ms: number) => void } {
  let now = 5_000
  const judge = createJudge(health, { candidate: '2.0.0', active: '1.0.0', now: () => now, steps: 2 })
  judge.begin({ kind: 'step', step: 1, percent: 25 })
  return {
    judge,
    advance: ms => {
      now += ms
    },
  }
}

const send = (judge: Judge, isCandidate: boolean, failed = false, duration = 10) =>
  judge.settled(judge.routed(isCandidate, 0.25, undefined), failed, duration)

describe('A function in place of options', () => {
  it('gets the figures of the phase, by version', () => {
    const samples: HealthSample[] = []
    const { judge, advance } = judgeBy(sample => {
      samples.push(sample)
      return 'healthy'
    })
    send(judge, false, false, 4)
    send(judge, true)
    advance(1_500)
    send(judge, true, true, 30)
    expect(samples).toEqual([
      {
        phase: 'step',
        step: 1,
        share: 25,
        elapsed: 1_500,
        candidate: {
          version: '2.0.0',
          calls: 2,
          failures: 1,
          durations: {
            mean: 20,
            p50: expect.closeTo(10, -1),
            p90: expect.closeTo(30, -1),
            p99: expect.closeTo(30, -1),
            max: 30,
          },
        },
        active: { version: '1.0.0', calls: 1, failures: 0, durations: expect.objectContaining({ mean: 4, max: 4 }) },
      },
    ])
    judge.begin({ kind: 'soak', step: 2, percent: 100 })
    expect(judge.verdict()).toBe('healthy')
    const none = { mean: 0, p50: 0, p90: 0, p99: 0, max: 0 }
    expect(samples.at(-1)).toMatchObject({ phase: 'soak', elapsed: 0, candidate: { calls: 0, durations: none } })
  })

  it('is asked after each failure, after every 100th call, and for the verdict', () => {
    let asked = 0
    const { judge } = judgeBy(() => {
      asked += 1
      return 'unknown'
    })
    for (let n = 0; n < 99; n++) send(judge, true)
    expect(asked).toBe(0)
    send(judge, false)
    expect(asked).toBe(1)
    send(judge, false, true)
    expect(asked).toBe(2)
    expect(judge.verdict()).toBe('unknown')
    expect(asked).toBe(3)
  })

  it('is final when it says unhealthy, and is not asked again', () => {
    let asked = 0
    const { judge } = judgeBy(() => {
      asked += 1
      return 'unhealthy'
    })
    send(judge, true, true)
    send(judge, true, true)
    expect([judge.isUnhealthy, judge.verdict(), asked]).toEqual([true, 'unhealthy', 1])
    expect(judge.report().reason).toBe(
      "The function health calls it unhealthy: 1 of 1 of its calls failed, and 0 of 0 of the active version's.",
    )
  })

  it('counts as unhealthy when it throws four times in a row, and the error is the cause', () => {
    const error = new Error('no metrics')
    const { judge } = judgeBy(() => {
      throw error
    })
    for (let n = 0; n < 3; n++) expect(judge.verdict()).toBe('unknown')
    expect(judge.isUnhealthy).toBe(false)
    expect(judge.verdict()).toBe('unhealthy')
    expect(judge.isUnhealthy).toBe(true)
    expect(judge.cause).toBe(error)
  })

  it('may throw three times, again and again', () => {
    let asked = 0
    const { judge } = judgeBy(() => {
      asked += 1
      if (asked % 4 !== 0) throw new Error('no metrics')
      return 'unknown'
    })
    for (let n = 0; n < 40; n++) judge.verdict()
    expect(judge.isUnhealthy).toBe(false)
  })

  it.each([undefined, 'good', true, Promise.resolve('healthy')])('gives no verdict when it returns %s', value => {
    const { judge } = judgeBy((() => value) as never)
    for (let n = 0; n < 3; n++) expect(judge.verdict()).toBe('unknown')
    expect(judge.verdict()).toBe('unhealthy')
    expect(String(judge.cause)).toMatch("health must return 'healthy', 'unhealthy' or 'unknown', got ")
  })

  it('is not asked while it is being asked', () => {
    let asked = 0
    const { judge } = judgeBy(() => {
      asked += 1
      send(judge, true, true)
      return 'healthy'
    })
    expect(judge.verdict()).toBe('healthy')
    expect(asked).toBe(1)
  })
})
