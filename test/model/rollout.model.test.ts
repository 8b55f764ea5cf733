import { rolloutMachine } from 'cutover/machines'
import { afterAll, describe, expect, it } from 'vitest'
import { statesOf } from '../../src/inspect/mermaid/transitions.js'
import { microtasks } from '../fixtures/hosting.js'
import { SCENARIOS } from './rolloutScenarios.js'
import { TransitionRecorder } from './transitionRecorder.js'
import { nameOf, writtenTransitions } from './transitions.js'

const crossed = new Map<string, number>()
const reached = new Set<string>()

describe('Every path through the public API', () => {
  it.each(SCENARIOS)('%s: ends in idle, with the pair that belongs there, or disposed', async (_, run) => {
    const recorder = new TransitionRecorder()
    const rolling = await run(recorder.inspect)
    rolling.rollout.watch().subscribe()
    const { state, permanent } = rolling.rollout.status()
    if (state === 'idle') {
      const { active, share } = rolling.aggregate.status()
      expect(share).toBe(0)
      if (rolling.aggregate.status().state === 'running') expect([permanent, null]).toContain(active)
    }
    const disposed = rolling.rollout[Symbol.asyncDispose]()
    await microtasks()
    for (const runtime of rolling.provisioned) if (runtime.stops > 0) runtime.emitStopped()
    await disposed
    expect(rolling.hosting.errors()).toEqual([])
    for (const transition of recorder.take()) {
      crossed.set(nameOf(transition), (crossed.get(nameOf(transition)) ?? 0) + 1)
      for (const { id } of transition.target ?? []) reached.add(id)
    }
  })

  it('Together they take every transition of the machine', () => {
    const written = [...new Set(writtenTransitions(rolloutMachine).map(nameOf))]
    expect(written.filter(name => !crossed.has(name))).toEqual([])
  })

  it('Together they reach every state of the machine', () => {
    const states = statesOf(rolloutMachine).map(({ id }) => id)
    const initial = ['rollout', 'rollout.idle', 'rollout.stepping.running', 'rollout.soaking.watching']
    expect(states.filter(id => !reached.has(id) && !initial.includes(id))).toEqual([])
  })

  afterAll(() => console.info(`rollout: ${crossed.size} transitions`))
})
