import { describe, expect, it } from 'vitest'
import type { CallCheck } from '../../docs/examples/demo/countCalls.js'
import type { Outcome } from '../../docs/examples/demo/load.js'
import { parseOptions } from '../../docs/examples/demo/options.js'
import { checkCalls } from '../../docs/examples/demo/switch/checkCalls.js'
import { introOf } from '../../docs/examples/demo/switch/report.js'
import { resultsOf } from '../../docs/examples/demo/switch/results.js'
import type { Run } from '../../docs/examples/demo/switch/run.js'
import { summaryOf } from '../../docs/examples/demo/switch/summary.js'
import { Timeline } from '../../docs/examples/demo/switch/timeline.js'
import { setupOf } from './demoParts.js'

describe('The demo checks its calls and', () => {
  it('accepts answers from versions that were active', () => {
    const calls = [
      call(10, answer('4.3.0', 20)),
      call(95, answer('4.3.0', 115)),
      call(95, answer('18.0.0', 130)),
      call(105, answer('18.0.0', 130)),
      call(150, answer('18.0.0', 160)),
    ]
    expect(countsOf(calls)).toEqual({ failed: 0, lost: 0, doubled: 0, wrong: 0, bad: 0 })
  })

  it('counts a rejected call as failed, and groups the errors', () => {
    const calls = [call(10, { at: 20, error: new Error('x') }), call(10, { at: 30, error: new Error('x') })]
    expect(countsOf(calls)).toMatchObject({ failed: 2, bad: 2 })
    expect(checkCalls(runOf(calls)).errors).toEqual({ 'Error: x': 2 })
  })

  it('counts a call without an outcome as lost', () => {
    expect(countsOf([call(10, null)])).toMatchObject({ lost: 1, bad: 1 })
  })

  it('counts a call that was executed twice as doubled', () => {
    expect(countsOf([call(10, answer('4.3.0', 20))], new Map([[0, 2]]))).toMatchObject({ doubled: 1, bad: 1 })
  })

  it.each([
    ['differs from what its version renders', call(10, { at: 20, answer: { version: '4.3.0', digest: 'of 18.0.0' } })],
    ['comes from an unknown version', call(10, answer('5.0.0', 20))],
    ['comes from the new version before the switch', call(10, answer('18.0.0', 20))],
    ['comes from the old version after it stopped', call(95, answer('4.3.0', 121))],
    ['comes from the old version, to a call sent after the switch', call(141, answer('4.3.0', 142))],
  ])('counts a call as wrong if its answer %s', (_, wrong) => {
    expect(countsOf([wrong])).toMatchObject({ wrong: 1, bad: 1 })
  })
})

describe('The demo of a switch', () => {
  it.each([
    [['--handover', 'sequential'], '64 calls at a time', '(sequential handover, in child processes).'],
    [
      ['--handover', 'overlap', '--host', 'worker', '--instances', '2', '--concurrency', '1'],
      '1 call at a time',
      '(overlap handover, in worker threads, 2 instances each).',
    ],
  ])('says for %j what it will do', (args, load, how) => {
    const options = parseOptions([...args, '--duration', '1.5'])
    expect(introOf(setupOf(options), options.handover ?? 'sequential')).toBe(
      `Rendering 3 READMEs for 1.5 s, ${load}, while marked 18.2.1 takes over from 4.3.0 ${how}`,
    )
  })

  it('ends with the failed calls by error, and a verdict', () => {
    const error = new Error('disk on fire')
    const calls = [call(10, answer('4.3.0', 20)), call(10, { at: 20, error }), call(10, { at: 30, error })]
    const lines = summaryOf(resultsOf(runOf(calls)))
    expect(lines).toContain('  failed                                     2')
    expect(lines.slice(-4)).toEqual([
      '',
      '2 × Error: disk on fire',
      '',
      '✘ 2 of 3 calls failed, were lost, ran twice or had a wrong answer.',
    ])
  })

  it.each([
    ['it went well', {}, '✔ 0 of 1 calls failed, were lost or ran twice; every answer came from an active version.'],
    [
      'it was interrupted',
      { wasInterrupted: true, switchTimes: { called: null, oldStopped: null, resolved: null } },
      '✔ Interrupted before the switch: 0 of 1 calls failed, were lost or ran twice; every answer came from an active version.',
    ],
    [
      'the new version did not take over',
      { switchTimes: { called: 100, oldStopped: null, resolved: null } },
      '✘ 0 of 1 calls failed, were lost, ran twice or had a wrong answer. The switch did not happen.',
    ],
  ])('says at the end that %s', (_, differing, verdict) => {
    expect(summaryOf(resultsOf({ ...runOf([call(10, answer('4.3.0', 20))]), ...differing })).at(-1)).toBe(verdict)
  })
})

type Call = Run['calls'][number]

function call(sent: number, outcome: Outcome | null): Call {
  const digests = new Map([
    ['4.3.0', 'of 4.3.0'],
    ['18.0.0', 'of 18.0.0'],
  ])
  return { document: { path: 'README.md', digests }, sent, version: null, outcome }
}

function answer(version: string, at: number): Outcome {
  return { at, answer: { version, digest: `of ${version}` } }
}

/** A switch that began at 100, stopped the old version at 120, and resolved at 140. */
function runOf(calls: readonly Call[], executions: Run['executions'] = new Map()): Run {
  const switchTimes = { called: 100, oldStopped: 120, resolved: 140 }
  return {
    from: '4.3.0',
    to: '18.0.0',
    calls,
    executions,
    timeline: new Timeline(),
    switchTimes,
    wasInterrupted: false,
  }
}

function countsOf(...run: Parameters<typeof runOf>): Omit<CallCheck, 'answered' | 'errors'> {
  const { answered: _, errors: __, ...counts } = checkCalls(runOf(...run))
  return counts
}
