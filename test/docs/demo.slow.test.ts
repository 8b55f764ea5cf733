import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { InspectorMessage } from 'cutover/inspect'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type CallCheck, checkCalls } from '../../docs/examples/demo/checkCalls.js'
import type { Outcome } from '../../docs/examples/demo/load.js'
import type { Results } from '../../docs/examples/demo/results.js'
import type { Run } from '../../docs/examples/demo/run.js'
import { Timeline } from '../../docs/examples/demo/timeline.js'

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

describe('The demo, npm start,', () => {
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
    const { stdout } = await demo(['--duration', '1', '--json'])
    const { timeline, from, to } = JSON.parse(stdout) as Results
    const events = timeline.filter(({ kind }) => kind === 'event').map(entry => entry.text)
    expect(events).toEqual([`started ${from}`, 'configUpdated', `stopped ${from}`, `started ${to}`, `stopped ${to}`])
    const times = timeline.map(({ at }) => at)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('prints plain lines, a timeline, a table and a verdict when it does not write to a terminal', async () => {
    const { code, stdout } = await demo(['--duration', '1'])
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
    [['--json=yes'], 'Option --json takes no value, got "yes".'],
    [['--loud'], 'Unknown option "--loud".'],
    [['fast'], 'Unexpected argument "fast".'],
  ])('refuses %j in one line, and exits with 2', async (args, message) => {
    expect(await demo(args)).toEqual({ code: 2, stdout: '', stderr: `${message} See --help.\n` })
  })

  it.concurrent.each(['--help', '-h'])('explains every option on %s', async option => {
    const { code, stdout, stderr } = await demo([option])
    for (const name of ['handover', 'host', 'duration', 'concurrency', 'inspect', 'json', 'help'])
      expect(stdout).toContain(`--${name}`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('exits early and cleanly on SIGINT, with the summary', async () => {
    const child = spawn(process.execPath, [MAIN, '--duration', '60'], { stdio: ['ignore', 'pipe', 'pipe'] })
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
    const { code, stdout } = await demo(['--host', 'in-process', '--duration', '1'], failing)
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
  return { document: { path: 'README.md', digests }, sent, outcome }
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
