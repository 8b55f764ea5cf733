import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it, vi } from 'vitest'
import { compileHealth, createJudge } from '../../src/rollout/judge/index.js'
import { JudgedCalls } from '../../src/rollout/judgedCalls.js'

/** The calls of a rollout from 1.0.0 to 2.0.0, and what the judge and the rollout are told of them. */
function judgedCalls(isTimed = true) {
  const clock = new SimulatedClock()
  const now = () => clock.now()
  const judge = createJudge(compileHealth(undefined), { candidate: '2.0.0', active: '1.0.0', steps: 1, now })
  const routed = vi.spyOn(judge, 'routed')
  const settled = vi.spyOn(judge, 'settled')
  const listener = { unhealthy: vi.fn(), suspected: vi.fn(), crossed: vi.fn() }
  const options = { clock, now, isTimed, isSwept: isTimed }
  const calls = new JudgedCalls(judge, { candidate: '2.0.0', from: '1.0.0' }, listener, options)
  return { calls, clock, routed, settled, listener }
}

describe('The calls of a rollout', () => {
  it('are told to the judge with the share of the candidate, wherever they went', () => {
    const { calls, routed } = judgedCalls()
    calls.begin({ kind: 'step', step: 0, percent: 5 })
    calls.routed('2.0.0', 0.05)?.sent?.({ key: 'ada' })
    calls.routed('1.0.0', 0.95)?.sent?.(undefined)
    expect(routed.mock.calls.map(([isCandidate, share, key]) => [isCandidate, Number(share.toFixed(6)), key])).toEqual([
      [true, 0.05, 'ada'],
      [false, 0.05, undefined],
    ])
  })

  it('that still run are told, unless their caller has given them up', () => {
    const { calls, clock } = judgedCalls()
    const stillRunning = vi.spyOn(calls.judge, 'stillRunning')
    vi.spyOn(calls.judge, 'slowAfter').mockReturnValue(10)
    calls.begin({ kind: 'step', step: 0, percent: 5 })
    const controller = new AbortController()
    calls.routed('2.0.0', 0.05)?.sent?.({ signal: controller.signal })
    calls.routed('1.0.0', 0.95)?.sent?.(undefined)
    controller.abort()
    clock.increment(1_000)
    expect(new Set(stillRunning.mock.calls.map(([{ isCandidate }]) => isCandidate))).toEqual(new Set([false]))
    calls.end()
  })

  it('of a third version are not told', () => {
    const { calls, routed } = judgedCalls()
    expect(calls.routed('3.0.0', 1)).toBeNull()
    expect(routed).not.toHaveBeenCalled()
  })

  it('are told with how long they took', () => {
    const { calls, clock, settled } = judgedCalls()
    calls.begin({ kind: 'step', step: 0, percent: 5 })
    const call = calls.routed('2.0.0', 0.05)?.sent?.(undefined)
    clock.increment(30)
    call?.settled(true, undefined)
    expect(settled.mock.calls.map(([, failed, duration]) => [failed, duration])).toEqual([[true, 30]])
  })

  it('share one record if the judge asks for no durations, and each failure has its own key', () => {
    const { calls, settled } = judgedCalls(false)
    calls.begin({ kind: 'step', step: 0, percent: 5 })
    const route = calls.routed('2.0.0', 0.05)
    const keys: (string | undefined)[] = []
    settled.mockImplementation(({ key }) => void keys.push(key))
    expect(route?.sent).toBeUndefined()
    for (const key of ['ada', 'grace', undefined]) route?.settled(true, { key })
    expect(keys).toEqual(['ada', 'grace', undefined])
    expect(settled.mock.calls[0]?.[0]).toBe(settled.mock.calls[1]?.[0])
  })

  it('that were answered are told as a number, before the next failure and before anybody asks', () => {
    const { calls, settled } = judgedCalls(false)
    calls.begin({ kind: 'step', step: 0, percent: 10 })
    const [candidate, old] = [calls.routed('2.0.0', 0.1), calls.routed('1.0.0', 0.9)]
    for (let n = 0; n < 30; n++) candidate?.settled(false, undefined)
    for (let n = 0; n < 50; n++) old?.settled(false, undefined)
    expect(settled).not.toHaveBeenCalled()
    expect(calls.judge.report()).toMatchObject({ candidate: { calls: 30, failures: 0 }, active: { calls: 50 } })
    candidate?.settled(false, undefined)
    candidate?.settled(true, undefined)
    old?.settled(false, undefined)
    expect(calls.begin({ kind: 'soak', step: 1, percent: 100 })).toMatchObject({
      candidate: { calls: 32, failures: 1 },
      active: { calls: 51, failures: 0 },
    })
  })

  it('that were answered between two phases are not judged', () => {
    const { calls } = judgedCalls(false)
    calls.begin({ kind: 'step', step: 0, percent: 10 })
    const old = calls.routed('1.0.0', 0.9)
    old?.settled(false, undefined)
    expect(calls.endPhase()).toMatchObject({ active: { calls: 1 } })
    old?.settled(false, undefined)
    calls.begin({ kind: 'soak', step: 1, percent: 100 })
    expect(calls.judge.report()).toMatchObject({ active: { calls: 0 } })
  })

  it('that their caller gave up are told to nobody', () => {
    const { calls, settled } = judgedCalls(false)
    calls.begin({ kind: 'step', step: 0, percent: 5 })
    calls.routed('2.0.0', 0.05)?.settled(false, { signal: AbortSignal.abort() })
    expect(settled).not.toHaveBeenCalled()
  })

  it('outside a step are not judged', () => {
    const { calls, settled } = judgedCalls()
    const old = calls.routed('1.0.0', 1)
    old?.sent?.(undefined).settled(true, undefined)
    old?.sent?.(undefined).settled(false, undefined)
    calls.routed('2.0.0', 0)?.sent?.(undefined).settled(true, undefined)
    expect(settled).not.toHaveBeenCalled()
  })

  it('that make the candidate unhealthy between two steps are told when the next one begins', () => {
    const { calls, listener } = judgedCalls()
    calls.begin({ kind: 'step', step: 0, percent: 5 })
    const route = calls.routed('2.0.0', 0.05)
    const sent = Array.from({ length: 20 }, () => route?.sent?.(undefined))
    for (const call of sent) call?.settled(true, undefined)
    expect(listener.unhealthy).toHaveBeenCalledWith(expect.stringContaining('It fails more often'), undefined)
    listener.unhealthy.mockClear()
    const report = calls.begin({ kind: 'soak', step: 1, percent: 100 })
    expect(report).toMatchObject({ phase: 'step', percent: 5, verdict: 'unhealthy', candidate: { failures: 20 } })
    expect(listener.unhealthy).toHaveBeenCalledTimes(1)
  })

  it('leave no timer behind', () => {
    const { calls, clock } = judgedCalls()
    calls.end()
    const timers = vi.spyOn(clock, 'setTimeout')
    clock.increment(1_000)
    expect(timers).not.toHaveBeenCalled()
  })
})
