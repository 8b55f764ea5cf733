import { readFileSync } from 'node:fs'
import { rolloutMachine } from 'cutover/machines'
import { afterAll, describe, expect, it } from 'vitest'
import { statesOf } from '../../src/inspect/mermaid/transitions.js'
import { figuresLine } from '../docs/coverage.js'
import { microtasks } from '../fixtures/hosting.js'
import { EdgeCoverage } from './edgeCoverage.js'
import { REPORT, REPORT_VARIABLE, saveCoverage } from './report.js'
import { SCENARIOS } from './rolloutScenarios.js'
import { TransitionRecorder } from './transitionRecorder.js'

const TITLE = `a rollout, ${SCENARIOS.length} scenarios`
const coverage = new EdgeCoverage(rolloutMachine)
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
    const taken = recorder.take()
    coverage.note(taken)
    for (const { id } of taken.flatMap(({ target }) => target ?? [])) reached.add(id)
  })

  it('Together they take every transition of the machine', () => {
    expect(coverage.missing).toEqual([])
  })

  it('Together they reach every state of the machine', () => {
    const states = statesOf(rolloutMachine).map(({ id }) => id)
    const initial = ['rollout', 'rollout.idle', 'rollout.stepping.running', 'rollout.soaking.watching']
    expect(states.filter(id => !reached.has(id) && !initial.includes(id))).toEqual([])
  })

  it.skipIf(process.env[REPORT_VARIABLE])(`${REPORT} has these figures`, () => {
    expect(readFileSync(REPORT, 'utf8').split('\n')).toContain(figuresLine(TITLE, coverage.of(TITLE, [], []).figures))
  })

  afterAll(() => saveCoverage(coverage.of(TITLE, [], [])))
})
