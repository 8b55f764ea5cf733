import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { InspectorMessage } from 'cutover/inspect'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { HELP } from '../../docs/examples/demo/options.js'
import type { Results } from '../../docs/examples/demo/switch/results.js'
import { demo, FAILING, MAIN, replacing } from './demo.js'

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

  it('refuses a wrong option in one line, and exits with 2', async () => {
    const message = 'Option --host must be in-process, worker or process, got "moon". See --help.\n'
    expect(await demo(['--host', 'moon'])).toEqual({ code: 2, stdout: '', stderr: message })
  })

  it('explains its options on -h', async () => {
    expect(await demo(['-h'])).toEqual({ code: 0, stdout: HELP, stderr: '' })
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
    const { code, stdout } = await demo(
      ['--handover', 'sequential', '--host', 'in-process', '--duration', '1'],
      FAILING,
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
