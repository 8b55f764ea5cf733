import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { InspectorMessage } from 'cutover/inspect'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { CallCheck } from '../../docs/examples/demo/countCalls.js'
import type { FleetResults } from '../../docs/examples/demo/fleet/results.js'
import type { Outcome } from '../../docs/examples/demo/load.js'
import type { RolloutResults } from '../../docs/examples/demo/rollout/results.js'
import { checkCalls } from '../../docs/examples/demo/switch/checkCalls.js'
import type { Results } from '../../docs/examples/demo/switch/results.js'
import type { Run } from '../../docs/examples/demo/switch/run.js'
import { Timeline } from '../../docs/examples/demo/switch/timeline.js'
import { noNatsServer } from '../fixtures/installed.js'

const MAIN = fileURLToPath(new URL('../../dist/docs/examples/demo/main.js', import.meta.url))

interface Ending {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built demo. `preload` is JavaScript that runs before it. */
function demo(args: readonly string[], preload = ''): Promise<Ending> {
  const node = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, MAIN, ...args]
  return new Promise(resolve => {
    const child = execFile(process.execPath, node, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}

/** Returns JavaScript that replaces one function of `node:fs/promises`. */
function replacing(name: string, replacement: string): string {
  return `
    import fs from 'node:fs/promises'
    import { syncBuiltinESMExports } from 'node:module'
    const original = fs.${name}
    fs.${name} = ${replacement}
    syncBuiltinESMExports()`
}

describe('The demo, npm start -- --handover,', () => {
  it.each([
    ['in-process', 'sequential'],
    ['in-process', 'overlap'],
    ['worker', 'sequential'],
    ['worker', 'overlap'],
    ['process', 'sequential'],
    ['process', 'overlap'],
  ])('loses no call on host %s with handover %s, and both versions answer', async (host, handover) => {
    const options = ['--host', host, '--handover', handover, '--duration', '1', '--json']
    const { code, stdout, stderr } = await demo(options)
    const results = JSON.parse(stdout) as Results
    expect(results).toMatchObject({ host, handover, ok: true, switched: true, interrupted: false, errors: {} })
    expect(results).toMatchObject({ failed: 0, lost: 0, doubled: 0, wrong: 0, bad: 0 })
    const answers = Object.values(results.answeredBy)
    expect(answers).toHaveLength(2)
    expect(Math.min(...answers)).toBeGreaterThan(0)
    expect(answers.reduce((sum, count) => sum + count)).toBe(results.calls)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('shows the events of the switch in the order that the aggregate promises', async () => {
    const { stdout } = await demo(['--handover', 'sequential', '--duration', '1', '--json'])
    const { timeline, from, to } = JSON.parse(stdout) as Results
    const events = timeline.filter(({ kind }) => kind === 'event').map(entry => entry.text)
    expect(events).toEqual([`started ${from}`, 'configUpdated', `stopped ${from}`, `started ${to}`, `stopped ${to}`])
    const times = timeline.map(({ at }) => at)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('prints plain lines, a timeline, a table and a verdict when it does not write to a terminal', async () => {
    const { code, stdout } = await demo(['--handover', 'sequential', '--duration', '1'])
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(
      /^Rendering \d+ READMEs for 1 s, 64 calls at a time, while marked 18\S+ takes over from 4\.3\.0 \(sequential handover, in child processes\)\.$/,
    )
    expect(stdout).toMatch(/^ +\d+\.\d s {2}active \S+ .* answered, 64 in flight, \d+ waiting$/m)
    expect(stdout).toMatch(/^ +\d+\.\d {2}event {2}stopped 4\.3\.0$/m)
    expect(stdout).toMatch(/^ +\d+\.\d {2}call {3}setVersion\('18\S+'\) resolved: active 18\S+, next none$/m)
    expect(stdout).toMatch(/^ {2}wrong answer or version +0$/m)
    expect(stdout).toMatch(/^ {2}around the switch +\d+\.\d ms$/m)
    expect(stdout).toMatch(/^ {2}during the switch( +\d+\.\d ms){2} +\d+$/m)
    expect(lines.at(-1)).toMatch(/^✔ 0 of [\d,]+ calls failed, were lost or ran twice; /)
    expect(stdout).not.toContain('\u001B')
    expect(code).toBe(0)
  })

  it.concurrent.each([
    [['--handover', 'both'], 'Option --handover must be sequential or overlap, got "both".'],
    [['--host', 'moon'], 'Option --host must be in-process, worker or process, got "moon".'],
    [['--duration', 'long'], 'Option --duration must be a number of seconds from 1 to 600, got "long".'],
    [['--duration', '0.5'], 'Option --duration must be a number of seconds from 1 to 600, got "0.5".'],
    [['--duration'], 'Option --duration needs a value, got none.'],
    [['--concurrency', '2.5'], 'Option --concurrency must be a whole number from 1 to 1000, got "2.5".'],
    [['--instances', '0'], 'Option --instances must be a whole number from 1 to 64, got "0".'],
    [['--json=yes'], 'Option --json takes no value, got "yes".'],
    [['--loud'], 'Unknown option "--loud".'],
    [['--brake'], 'Unknown option "--brake". Did you mean --break?'],
    [['--brake', 'after'], 'Unknown option "--brake". Did you mean --break?'],
    [['--host', 'proces'], 'Option --host must be in-process, worker or process, got "proces". Did you mean process?'],
    [['--break', 'aftr'], 'Option --break takes after or nothing, got "aftr". Did you mean after?'],
    [['--break=now'], 'Option --break takes after or nothing, got "now".'],
    [['--break', 'after', 'all'], 'Unexpected argument "all".'],
    [['--break', '--outage'], 'Options --break and --outage exclude each other.'],
    [['--fleet', '1'], 'Option --fleet must be a whole number from 2 to 20, got "1".'],
    [['--fleet', '3', '--break'], 'Options --break and --fleet exclude each other.'],
    [['--outage', '--handover', 'overlap'], 'Options --outage and --handover exclude each other.'],
    [['--http', '--handover', 'overlap'], 'Options --http and --handover exclude each other.'],
    [['--inspect', '--http'], 'Options --http and --inspect exclude each other.'],
    [['fast'], 'Unexpected argument "fast".'],
    [['outage'], 'Unexpected argument "outage". Did you mean --outage?'],
  ])('refuses %j in one line, and exits with 2', async (args, message) => {
    expect(await demo(args)).toEqual({ code: 2, stdout: '', stderr: `${message} See --help.\n` })
  })

  it.concurrent.each(['--help', '-h'])('explains every option on %s', async option => {
    const { code, stdout, stderr } = await demo([option])
    for (const name of [
      'break',
      'break after',
      'outage',
      'http',
      'handover',
      'fleet',
      'host',
      'instances',
      'duration',
      'concurrency',
      'inspect',
      'json',
      'help',
    ])
      expect(stdout).toContain(`--${name}`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('runs several instances of each version as pools with --instances', async () => {
    const args = ['--handover', 'overlap', '--host', 'worker', '--instances', '2', '--duration', '1']
    const { code, stdout } = await demo(args)
    expect(stdout).toContain('(overlap handover, in worker threads, 2 instances each)')
    expect(stdout).toMatch(/^✔ 0 of [\d,]+ calls failed, were lost or ran twice; /m)
    expect(code).toBe(0)
  })

  it('exits early and cleanly on SIGINT, with the summary', async () => {
    const child = spawn(process.execPath, [MAIN, '--handover', 'sequential', '--duration', '60'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = Promise.all([text(child.stdout), text(child.stderr)])
    createInterface(child.stdout).on('line', line => {
      if (/active 4\.3\.0 .* [1-9][\d,]* answered/.test(line)) child.kill('SIGINT')
    })
    const [code, signal] = await once(child, 'exit')
    const [stdout, stderr] = await output
    expect(stdout).toMatch(/^ +\d+\.\d {2}event {2}stopped 4\.3\.0$/m)
    expect(stdout.trimEnd()).toMatch(
      /✔ Interrupted before the switch: 0 of [\d,]+ calls failed, were lost or ran twice; .*$/,
    )
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  })

  it('shows one takeover after the other in an inspector with --inspect, until SIGINT', async () => {
    const args = ['--inspect', '--host', 'in-process']
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const output = Promise.all([text(child.stdout), text(child.stderr)])
    const actives = new Set<string>()
    createInterface(child.stdout).once('line', line => {
      const socket = new URL(line.replace('Open http:', 'ws:'))
      socket.pathname = '/socket'
      const viewer = new WebSocket(socket)
      viewer.on('message', message => {
        const { type, snapshot } = JSON.parse(`${message}`) as InspectorMessage & {
          snapshot?: { context?: { active?: string } }
        }
        if (type === '@xstate.snapshot') actives.add(`${snapshot?.context?.active}`)
        if (!['4.3.0', '18'].every(version => [...actives].some(active => active.startsWith(version)))) return
        // A second SIGINT would kill the demo.
        viewer.removeAllListeners('message')
        child.kill('SIGINT')
      })
    })
    const [code, signal] = await once(child, 'exit')
    const [stdout, stderr] = await output
    expect(stdout).toMatch(
      /^Open http:.*token=\S+\nPress Ctrl-C to stop\.\n\n1 takeover, [\d,]+ calls answered, 0 failed\.\n$/,
    )
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  })

  it('reports failed calls and exits with 1', async () => {
    const failing = replacing(
      'readFile',
      `(...args) => isSeen(args[0]) && ++again % 100 === 0 ? Promise.reject(new Error('disk on fire')) : original(...args)
       const seen = new Set()
       const isSeen = path => seen.has(String(path)) || !seen.add(String(path))
       let again = 0`,
    )
    const { code, stdout } = await demo(
      ['--handover', 'sequential', '--host', 'in-process', '--duration', '1'],
      failing,
    )
    expect(stdout).toMatch(/^\d+ × Error: disk on fire$/m)
    expect(stdout.trimEnd()).toMatch(/✘ [\d,]+ of [\d,]+ calls failed, were lost, ran twice or had a wrong answer\.$/)
    expect(code).toBe(1)
  })

  it('reports in one line that there is nothing to render, and exits with 1', async () => {
    const { code, stdout, stderr } = await demo([], replacing('readdir', 'async () => []'))
    expect(stderr).toMatch(/^No README\.md found in \S+node_modules\S*\. Run "npm install" first\.\n$/)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })
})

/** Stands in for a terminal of so many columns. */
function terminal(columns: number, rows: number): string {
  return `Object.assign(process.stdout, { isTTY: true, columns: ${columns}, rows: ${rows}, hasColors: () => process.env.NO_COLOR === undefined })`
}

/** The lines of each drawing of the picture. */
function drawings(stdout: string): string[][] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence that moves the cursor up
  return stdout.split(/\u001B\[\d+A/).map(text => text.replaceAll('\r\u001B[K', '').split('\n'))
}

describe('The demo, npm start,', () => {
  it.each([
    ['none', [], 'process', 'promoted'],
    ['none', ['--http', '--concurrency', '16'], 'process', 'promoted'],
    ['break', ['--break'], 'worker', 'CUTOVER_REJECTED'],
    ['break', ['--http', '--break', '--concurrency', '16'], 'worker', 'CUTOVER_REJECTED'],
    ['break after', ['--break', 'after'], 'in-process', 'CUTOVER_ROLLED_BACK'],
    ['outage', ['--outage'], 'worker', 'promoted'],
  ])(
    'rolls it out with the fault %s and %j, and ends as it should',
    async (fault, args, host, outcome) => {
      const { code, stdout, stderr } = await demo([...args, '--host', host, '--duration', '1', '--json'])
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
    const { code, stdout } = await demo(['--break', '--host', 'in-process', '--duration', '1'])
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^Rolling out marked 18\S+ over 4\.3\.0 in this process\.$/)
    expect(lines[1]).toMatch(/^Rendering \d+ READMEs, 64 calls at a time\. The new version fails on some\.$/)
    expect(stdout).toMatch(/^ +\d+\.\d s {3}\S.* [\d,]+ calls\/s {3}[\d,]+ by 4\.3\.0, .*\d failed.*$/m)
    expect(stdout).toMatch(/^ {2}✔ verify +\d+\.\d s$/m)
    expect(stdout).toMatch(/^ {2}✘ 5 % +\d+\.\d s {3}\d+ of \d+ calls of 18\S+ failed$/m)
    expect(stdout).toMatch(/^ {2}failed calls +[1-9]\d* +.*[▁-█]/m)
    expect(stdout).toMatch(/^ {2}evidence, limit 1,000 +[1-9],\d+ +.*$/m)
    expect(stdout).toMatch(/^18\S+ did not stay\. It fails more often than the active version: /m)
    expect(lines.at(-1)).toMatch(/^✔ 4\.3\.0 serves\. [1-9]\d* of [\d,]+ calls went wrong\.$/)
    expect(stdout).not.toContain('\u001B')
    expect(code).toBe(0)
  })

  it('says with --http that the calls are requests', async () => {
    const { code, stdout } = await demo([
      '--http',
      '--break',
      '--concurrency',
      '16',
      '--host',
      'in-process',
      '--duration',
      '1',
    ])
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^Rolling out marked 18\S+ over 4\.3\.0 in this process, behind an HTTP server\.$/)
    expect(lines[1]).toMatch(/^Rendering \d+ READMEs, 16 requests at a time\. The new version fails on some\.$/)
    expect(lines.at(-1)).toMatch(/^✔ 4\.3\.0 serves\. [1-9]\d* of [\d,]+ calls went wrong\.$/)
    expect(code).toBe(0)
  })

  it.each([
    ['80 columns and 24 rows', 80, 24, 12],
    ['40 columns', 40, 24, 12],
    ['10 rows: only one line', 80, 10, 1],
  ])('draws its picture in place on a terminal of %s', async (_, columns, rows, height) => {
    const args = ['--break', '--host', 'in-process', '--duration', '1']
    const { code, stdout } = await demo(args, `${terminal(columns, rows)}; process.env.NO_COLOR = '1'`)
    const drawn = drawings(stdout)
    expect(drawn.length).toBeGreaterThan(3)
    const during = drawn.slice(1, -1)
    expect(during.filter(lines => lines.length !== height + 1)).toEqual([])
    expect(Math.max(...during.flat().map(line => line.length))).toBeLessThan(columns)
    expect(stdout).not.toContain('\u001B[3')
    expect(code).toBe(0)
  })

  it('uses colours on a terminal, unless NO_COLOR is set', async () => {
    const args = ['--break', '--host', 'in-process', '--duration', '1']
    const { stdout } = await demo(
      args,
      `${terminal(80, 24)}; delete process.env.NO_COLOR; process.env.FORCE_COLOR = '1'`,
    )
    expect(stdout).toContain('\u001B[3')
  })

  it('exits early and cleanly on SIGINT, and the old version serves', async () => {
    const child = spawn(process.execPath, [MAIN, '--duration', '60'], { stdio: ['ignore', 'pipe', 'pipe'] })
    const output = Promise.all([text(child.stdout), text(child.stderr)])
    createInterface(child.stdout).on('line', line => {
      if (/ s {3}5 % .* [1-9][\d,]* by 18/.test(line)) child.kill('SIGINT')
    })
    const [code, signal] = await once(child, 'exit')
    const [stdout, stderr] = await output
    expect(stdout.trimEnd()).toMatch(/✔ Interrupted: 4\.3\.0 serves\. 0 of [\d,]+ calls went wrong\.$/)
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  })

  it('exits with 1 when calls fail that should not', async () => {
    const failing = replacing(
      'readFile',
      `(...args) => isSeen(args[0]) && ++again % 100 === 0 ? Promise.reject(new Error('disk on fire')) : original(...args)
       const seen = new Set()
       const isSeen = path => seen.has(String(path)) || !seen.add(String(path))
       let again = 0`,
    )
    const { code, stdout } = await demo(['--break', '--host', 'in-process', '--duration', '1'], failing)
    expect(stdout).toMatch(/^ +\d+ × Error: disk on fire$/m)
    expect(stdout.trimEnd()).toMatch(/✘ 4\.3\.0 serves\. [\d,]+ of [\d,]+ calls went wrong\.$/)
    expect(code).toBe(1)
  })
})

describe.skipIf(noNatsServer !== undefined)(`The demo, npm start -- --fleet, ${noNatsServer ?? ''}`, () => {
  it('moves all nodes to the good version, loses no call, and stops the broken version at its first wave', async () => {
    const { code, stdout, stderr } = await demo(['--fleet', '3', '--duration', '1', '--json'])
    const results = JSON.parse(stdout) as FleetResults
    expect(results).toMatchObject({ ok: true, nodes: 3, interrupted: false, errors: {} })
    expect(results).toMatchObject({ failed: 0, lost: 0, doubled: 0, wrong: 0, bad: 0 })
    const { deployments, serving, to, broken, back, hurt } = results
    expect(deployments.map(({ version, outcome, wave }) => [version, outcome, wave])).toEqual([
      [to, 'permanent', 3],
      [broken, 'halted', 1],
    ])
    expect(deployments[1]?.triedBy).toEqual(deployments[1]?.firstWave)
    expect(deployments[1]?.triedBy).toHaveLength(1)
    expect(serving).toEqual({ n1: to, n2: to, n3: to })
    expect([back !== null && back > 0, hurt > 0]).toEqual([true, true])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('draws its nodes in place on a terminal, below a line for each wave, and exits cleanly on SIGINT', async () => {
    const preload = `${terminal(60, 24)}; process.env.NO_COLOR = '1'`
    const args = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, MAIN, '--fleet', '2']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const output = Promise.all([text(child.stdout), text(child.stderr)])
    createInterface(child.stdout).on('line', line => {
      if (line.includes('wave 1 of 3')) child.kill('SIGINT')
    })
    const [code, signal] = await once(child, 'exit')
    const [stdout, stderr] = await output
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that move the cursor and erase
    const plain = stdout.replace(/\r|\u001B\[\d*[AJK]/g, '')
    expect(plain).toMatch(/^ +\d+\.\d s {3}deploy 18\S+ in 3 waves$/m)
    expect(plain).toMatch(/^ {2}n1 .* calls$/m)
    expect(
      Math.max(
        ...drawings(stdout)
          .slice(1, -1)
          .flat()
          .map(line => line.length),
      ),
    ).toBeLessThan(60)
    expect(stdout.trimEnd()).toMatch(/✔ Interrupted\. 0 of [\d,]+ calls went wrong\.$/)
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  })
})

it('The demo of a fleet says in one line how to get nats-server, and exits with 1', async () => {
  const { code, stdout, stderr } = await demo(
    ['--fleet', '2', '--json'],
    `process.env.NATS_SERVER = '/none/nats-server'`,
  )
  expect(stderr).toMatch(/^The demo of a fleet needs nats-server\. Install it: "apt install nats-server", .*\n$/)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
})

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
