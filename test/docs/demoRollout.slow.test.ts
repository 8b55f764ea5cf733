import { describe, expect, it } from 'vitest'
import type { RolloutResults } from '../../docs/examples/demo/rollout/results.js'
import { demo, drawings, FAILING, FEW, interruptedDemo, terminal, uncoloured } from './demo.js'

const HTTP = ['--http', '--concurrency', '16']

describe('The demo, npm start,', () => {
  it.each([
    ['none', HTTP, 'in-process', 'promoted'],
    ['outage', ['--outage'], 'process', 'promoted'],
    ['break', ['--break', ...HTTP], 'worker', 'CUTOVER_REJECTED'],
    ['break after', ['--break', 'after'], 'in-process', 'CUTOVER_ROLLED_BACK'],
  ])(
    'rolls it out with the fault %s and %j, and ends as it should',
    async (fault, args, host, outcome) => {
      const { code, stdout, stderr } = await demo([...args, '--host', host, '--duration', '1', '--json'], FEW)
      const results = JSON.parse(stdout) as RolloutResults
      const { from, to, hurt, timeline } = results
      expect(results).toMatchObject({
        fault,
        http: args.includes('--http'),
        host,
        outcome,
        expected: outcome,
        ok: true,
        interrupted: false,
        errors: {},
      })
      expect(results).toMatchObject({ failed: 0, lost: 0, doubled: 0, wrong: 0, bad: 0 })
      expect(results.active).toBe(outcome === 'promoted' ? to : from)
      expect([(hurt[from] ?? 0) > 0, (hurt[to] ?? 0) > 0]).toEqual([fault === 'outage', fault !== 'none'])
      const states = [...new Set(timeline.map(({ state }) => state))]
      const tried = ['preparing', 'verifying', 'stepping']
      const ends: Readonly<Record<string, string[]>> = {
        promoted: ['promoting', 'soaking', 'finishing'],
        CUTOVER_REJECTED: ['rejecting'],
        CUTOVER_ROLLED_BACK: ['promoting', 'soaking', 'reverting', 'rejecting'],
      }
      expect(states).toEqual([...tried, ...(ends[outcome] ?? [])])
      const all = Object.values({ ...results.answeredBy, ...hurt }).length
      expect(all).toBe(2)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      // Over HTTP, a busy machine takes half a minute for a step to get enough requests.
    },
    300_000,
  )

  it('prints plain lines, the picture and a verdict when it does not write to a terminal', async () => {
    const { code, stdout, stderr } = await demo(['--break', '--host', 'in-process', '--duration', '1'], FEW)
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^Rolling out marked 18\S+ over 4\.3\.0 in this process\.$/)
    expect(lines[1]).toMatch(/^Rendering \d+ READMEs, 64 calls at a time\. The new version fails on some\.$/)
    expect(stdout).toMatch(/^ +\d+\.\d s {3}\S.* [\d,]+ calls\/s {3}[\d,]+ by 4\.3\.0, .*\d failed.*$/m)
    expect(stdout).toMatch(/^ {2}✔ verify +\d+\.\d s$/m)
    expect(stdout).toMatch(/^ {2}✘ 5 % +\d+\.\d s {3}\d+ of \d+ calls of 18\S+ failed$/m)
    expect(stdout).toMatch(/^ {2}failed calls +[1-9]\d* +.*[▁-█]/m)
    expect(stdout).toMatch(/^ {2}evidence, limit 1,000 +[1-9],\d+ +.*$/m)
    expect(stdout).toMatch(/^ {2}failed as planned +0 of 4\.3\.0, [1-9]\d* of 18\S+$/m)
    expect(stdout).toMatch(/^ {2}failed otherwise 0, lost 0, executed twice 0, wrong answer or version 0$/m)
    expect(stdout).toMatch(/^18\S+ did not stay\. It fails more often than the active version: /m)
    expect(lines.at(-1)).toMatch(/^✔ 4\.3\.0 serves\. [1-9]\d* of [\d,]+ calls went wrong\.$/)
    expect(stdout).not.toContain('\u001B')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('draws its picture in place on a terminal, and exits with 1 when calls fail that should not', async () => {
    const args = ['--break', '--host', 'in-process', '--duration', '1']
    const preload = `${terminal(80, 24)}; delete process.env.NO_COLOR; process.env.FORCE_COLOR = '1'`
    const { code, stdout } = await demo(args, FEW, FAILING, preload)
    const plain = uncoloured(stdout)
    const drawn = drawings(plain)
    expect(drawn.length).toBeGreaterThan(3)
    const during = drawn.slice(1, -1)
    expect(during.filter(lines => lines.length !== 13)).toEqual([])
    expect(Math.max(...during.flat().map(line => line.length))).toBeLessThan(80)
    expect(stdout).toContain('\u001B[3')
    expect(plain).toMatch(/^ +\d+ × Error: disk on fire$/m)
    expect(plain.trimEnd()).toMatch(/✘ 4\.3\.0 serves\. [\d,]+ of [\d,]+ calls went wrong\.$/)
    expect(code).toBe(1)
  })

  it('exits early and cleanly on SIGINT, and the old version serves', async () => {
    const { stdout, ...ending } = await interruptedDemo(
      'SIGINT',
      // One call at a time: the step takes long, because it needs thousands of calls.
      ['--duration', '5', '--concurrency', '1'],
      (line, kill) => {
        if (/ s {3}5 % .* [1-9][\d,]* by 18/.test(line)) kill()
      },
      FEW,
    )
    expect(stdout.trimEnd()).toMatch(/✔ Interrupted: 4\.3\.0 serves\. 0 of [\d,]+ calls went wrong\.$/)
    expect(ending).toEqual({ code: 0, signal: null, stderr: '' })
  })
})
