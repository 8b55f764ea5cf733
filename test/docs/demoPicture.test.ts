import type { AggregateStatus } from 'cutover'
import type { RolloutStatus, StepReport } from 'cutover/rollout'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Tally } from '../../docs/examples/demo/load.js'
import { parseOptions } from '../../docs/examples/demo/options.js'
import { Course } from '../../docs/examples/demo/rollout/course.js'
import { introOf, summaryOf } from '../../docs/examples/demo/rollout/report.js'
import type { RolloutResults } from '../../docs/examples/demo/rollout/results.js'
import type { View } from '../../docs/examples/demo/rollout/run.js'
import { drawnPicture, plainPicture } from '../../docs/examples/demo/rollout/view.js'
import { drawings, uncoloured } from './demo.js'
import { NEW, OLD, setupOf, standInForTerminal } from './demoParts.js'

afterEach(() => vi.unstubAllEnvs())

describe('The demo of a rollout', () => {
  it.each([
    ['80 columns and 24 rows', 80, 24, 12],
    ['40 columns', 40, 24, 12],
    ['10 rows: only one line', 80, 10, 1],
  ])('draws its picture in place on a terminal of %s', (_, columns, rows, height) => {
    using _terminal = standInForTerminal(columns, { hasColours: false })
    const output = shown(write => drawnPicture(write, () => rows))
    const drawn = drawings(output)
    expect(drawn.length).toBeGreaterThan(3)
    const during = drawn.slice(1, -1)
    expect(during.filter(lines => lines.length !== height + 1)).toEqual([])
    expect(Math.max(...during.flat().map(line => line.length))).toBeLessThan(columns)
    expect(drawn.at(-1)?.slice(0, 12)).toEqual(columns === 40 ? NARROW : WIDE)
    expect(output).not.toContain('\u001B[3')
  })

  it('draws with colours, unless NO_COLOR is set', () => {
    vi.stubEnv('NO_COLOR', undefined)
    vi.stubEnv('FORCE_COLOR', '1')
    using _ = standInForTerminal(80, { hasColours: true })
    const output = shown(write => drawnPicture(write, () => 24))
    expect(output).toContain('\u001B[31m✘\u001B[39m 25 %')
    const lines = drawings(uncoloured(output)).at(-1) ?? []
    expect(lines.slice(0, 12).map(line => line.trimEnd())).toEqual(WIDE)
  })

  it('writes a line for each stage and each second, and at the end the picture, where there is no terminal', () => {
    const lines = shown(plainPicture).split('\n')
    expect(lines.slice(0, 7)).toEqual([
      '    0.1 s   start      0 calls/s   20 by 4.3.0, 0 failed',
      '    0.3 s   verify     200 calls/s   60 by 4.3.0, 0 failed',
      '    0.4 s   5 %        200 calls/s   79 by 4.3.0, 1 by 18.2.1, 0 failed   evidence 1.0 of 1,000',
      '    1.4 s   5 %        200 calls/s   269 by 4.3.0, 11 by 18.2.1, 0 failed   evidence 1.0 of 1,000',
      '    2.4 s   25 %       200 calls/s   455 by 4.3.0, 25 by 18.2.1, 0 failed   evidence 1.0 of 1,000',
      '    3.4 s   25 %       200 calls/s   605 by 4.3.0, 70 by 18.2.1, 5 failed   evidence 32 of 1,000',
      '',
    ])
    expect(lines.slice(7, 19)).toEqual(WIDE)
  })

  it.each([
    [
      ['--host', 'in-process', '--break'],
      'Rolling out marked 18.2.1 over 4.3.0 in this process.\nRendering 3 READMEs, 64 calls at a time. The new version fails on some.',
    ],
    [
      ['--host', 'worker', '--http', '--outage', '--concurrency', '16'],
      'Rolling out marked 18.2.1 over 4.3.0 in worker threads, behind an HTTP server.\nRendering 3 READMEs, 16 requests at a time. For a while, both versions fail on some.',
    ],
    [
      ['--instances', '2', '--break', 'after', '--concurrency', '1'],
      'Rolling out marked 18.2.1 over 4.3.0 in child processes, 2 instances each.\nRendering 3 READMEs, 1 call at a time. The new version begins to fail on some after it took over.',
    ],
  ])('says for %j what it will do', (args, intro) => {
    expect(introOf(setupOf(parseOptions(args)))).toBe(intro)
  })

  it('ends with what went wrong, and with the version that serves', () => {
    expect(summaryOf(RESULTS)).toEqual([
      '  failed as planned       0 of 4.3.0, 12 of 18.2.1',
      '  failed otherwise 0, lost 0, executed twice 0, wrong answer or version 0',
      '',
      '18.2.1 did not stay. It fails more often.',
      '✔ 4.3.0 serves. 12 of 3,000 calls went wrong.',
    ])
  })

  it('names the errors that it did not plan', () => {
    const errors = { 'Error: disk on fire': 1_001, 'Error: no disk': 2 }
    const lines = summaryOf({ ...RESULTS, ok: false, failed: 1_003, bad: 1_003, errors })
    expect(lines.slice(1, 4)).toEqual([
      '  failed otherwise 1,003, lost 0, executed twice 0, wrong answer or version 0',
      '  1,001 × Error: disk on fire',
      '  2 × Error: no disk',
    ])
    expect(lines.at(-1)).toBe('✘ 4.3.0 serves. 1,015 of 3,000 calls went wrong.')
  })

  it.each([
    [
      { ok: false, outcome: 'promoted', active: '18.2.1' },
      '✘ 18.2.1 serves. 12 of 3,000 calls went wrong. The rollout should end with CUTOVER_REJECTED, and ended with promoted.',
    ],
    [{ interrupted: true }, '✔ Interrupted: 4.3.0 serves. 12 of 3,000 calls went wrong.'],
    [{ interrupted: true, active: null }, '✔ Interrupted: no version serves. 12 of 3,000 calls went wrong.'],
  ])('ends with a verdict on %j', (differing, verdict) => {
    expect(summaryOf({ ...RESULTS, ...differing }).at(-1)).toBe(verdict)
  })
})

/** The picture at the end of the rollout that the tests show. */
const WIDE = [
  '  ✔ start      0.2 s',
  '  ✔ verify     0.1 s',
  '  ✔ 5 %        2.0 s   0 of 20 calls of 18.2.1 failed',
  '  ✘ 25 %       1.6 s   10 of 80 calls of 18.2.1 failed',
  '    swap',
  '    soak',
  '',
  '  calls to 18.2.1              0 %     ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂',
  '  failed calls                  10                               ██████████',
  '  evidence, limit 1,000      1,024     ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▂▂▃▄▅▅▆▇██',
  '',
  '    3.9 s   200 calls/s   680 by 4.3.0, 90 by 18.2.1, 10 failed',
]
/** It has no room for charts. */
const NARROW = WIDE.map(line => line.replace(/ *[▁-█]+$/, '').slice(0, 39))

/** The results of a rollout whose new version was rejected as planned. */
const RESULTS: RolloutResults = {
  fault: 'break',
  from: OLD,
  to: NEW,
  ok: true,
  interrupted: false,
  outcome: 'CUTOVER_REJECTED',
  expected: 'CUTOVER_REJECTED',
  reason: 'It fails more often.',
  active: OLD,
  calls: 3_000,
  answeredBy: { [OLD]: 2_900, [NEW]: 88 },
  hurt: { [OLD]: 0, [NEW]: 12 },
  steps: [],
  timeline: [],
  failed: 0,
  lost: 0,
  doubled: 0,
  wrong: 0,
  bad: 0,
  errors: {},
}

const LIMIT = 1_000

/** A rollout of which a test says what happens. */
class StagedRollout {
  readonly tallies = new Map<string, Tally>()
  settled = 0
  #now = 0
  #progress: StepReport | null = null
  readonly course = new Course({
    from: OLD,
    to: NEW,
    aggregate: { status: () => ({ active: OLD, next: NEW, share: this.#progress?.percent ?? 0 }) as AggregateStatus },
    rollout: { status: () => ({ progress: this.#progress }) as RolloutStatus },
    load: this,
    now: () => this.#now,
  })

  /** Comes into a state. A step sends a share of the calls to the new version. */
  enter(state: RolloutStatus['state'], step: number | null = null, percent = 0): void {
    if (step !== null) this.#progress = progressOf(step, percent, 0, 0)
    const status = { state, phase: step === null ? null : 'running', step, candidate: NEW } as RolloutStatus
    this.course.note({ type: 'changed', status })
  }

  /** Lets 100 ms pass, in which calls are answered, or fail at the new version. */
  pass(byOld: number, byNew: number, failed: number): void {
    this.#now += 100
    this.#count(OLD, byOld, 0)
    this.#count(NEW, byNew, failed)
    if (this.#progress !== null) {
      const { step, percent, candidate } = this.#progress
      const failures = candidate.failures + failed
      this.#progress = progressOf(step, percent, candidate.calls + byNew + failed, failures)
    }
    this.course.sample()
  }

  finish(): void {
    const steps = this.#progress === null ? [] : [this.#progress]
    this.#progress = null
    this.course.finish(steps)
    this.course.sample()
  }

  #count(version: string, answered: number, failed: number): void {
    if (answered + failed === 0) return
    const tally = this.tallies.get(version) ?? { answered: 0, failed: 0 }
    this.tallies.set(version, { answered: tally.answered + answered, failed: tally.failed + failed })
    this.settled += answered + failed
  }
}

/** Each failure doubles the evidence. */
function progressOf(step: number, percent: number, calls: number, failures: number): StepReport {
  return {
    phase: 'step',
    step,
    percent,
    duration: 0,
    verdict: 'unknown',
    candidate: { calls, failures },
    active: { calls: 0, failures: 0 },
    evidence: { failures: 2 ** failures },
    limit: LIMIT,
  }
}

/** Shows a rollout on a view, and returns the output: the new version fails in its second step. */
function shown(viewOn: (write: (text: string) => void) => View): string {
  let output = ''
  const view = viewOn(text => {
    output += text
  })
  const rollout = new StagedRollout()
  const pass = (samples: number, byOld: number, byNew = 0, failed = 0) => {
    for (let sample = 0; sample < samples; sample++) {
      rollout.pass(byOld, byNew, failed)
      view.show(rollout.course)
    }
  }
  rollout.enter('preparing')
  pass(2, 20)
  rollout.enter('verifying')
  pass(1, 20)
  rollout.enter('stepping', 0, 5)
  pass(20, 19, 1)
  rollout.enter('stepping', 1, 25)
  pass(6, 15, 5)
  pass(10, 15, 4, 1)
  rollout.enter('rejecting')
  rollout.finish()
  view.end(rollout.course)
  return output
}
