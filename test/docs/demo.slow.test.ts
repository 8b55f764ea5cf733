import type { InspectorMessage } from 'cutover/inspect'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Results } from '../../docs/examples/demo/switch/results.js'
import { demo, FAILING, FEW, interruptedDemo, replacing } from './demo.js'

describe('The demo, npm start -- --handover,', () => {
  it('loses no call of all READMEs, both versions answer, and the events come in the order that is promised', async () => {
    const { code, stdout, stderr } = await demo(['--handover', 'sequential', '--duration', '1', '--json'])
    const results = JSON.parse(stdout) as Results
    const { timeline, from, to } = results
    expect(results).toMatchObject({ host: 'process', handover: 'sequential', ok: true, switched: true, errors: {} })
    expect(results).toMatchObject({ interrupted: false, failed: 0, lost: 0, doubled: 0, wrong: 0, bad: 0 })
    const answers = Object.values(results.answeredBy)
    expect(answers).toHaveLength(2)
    expect(Math.min(...answers)).toBeGreaterThan(0)
    expect(answers.reduce((sum, count) => sum + count)).toBe(results.calls)
    const events = timeline.filter(({ kind }) => kind === 'event').map(entry => entry.text)
    expect(events).toEqual([`started ${from}`, 'configUpdated', `stopped ${from}`, `started ${to}`, `stopped ${to}`])
    const times = timeline.map(({ at }) => at)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('prints plain lines, a timeline, a table and a verdict where there is no terminal, also of pools', async () => {
    const args = ['--handover', 'overlap', '--host', 'worker', '--instances', '2', '--duration', '1']
    const { code, stdout, stderr } = await demo(args, FEW)
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(
      /^Rendering \d+ READMEs for 1 s, 64 calls at a time, while marked 18\S+ takes over from 4\.3\.0 \(overlap handover, in worker threads, 2 instances each\)\.$/,
    )
    expect(stdout).toMatch(/^ +\d+\.\d s {2}active \S+ .* answered, 64 in flight, \d+ waiting$/m)
    expect(stdout).toMatch(/^ +\d+\.\d {2}event {2}stopped 4\.3\.0$/m)
    expect(stdout).toMatch(/^ +\d+\.\d {2}call {3}setVersion\('18\S+'\) resolved: active 18\S+, next none$/m)
    expect(stdout).toMatch(/^ {2}answered by 4\.3\.0 +[1-9][\d,]*$/m)
    expect(stdout).toMatch(/^ {2}answered by 18\S+ +[1-9][\d,]*$/m)
    expect(stdout).toMatch(/^ {2}wrong answer or version +0$/m)
    expect(stdout).toMatch(/^ {2}around the switch +\d+\.\d ms$/m)
    expect(stdout).toMatch(/^ {2}during the switch( +\d+\.\d ms){2} +\d+$/m)
    expect(lines.at(-1)).toMatch(/^✔ 0 of [\d,]+ calls failed, were lost or ran twice; /)
    expect(stdout).not.toContain('\u001B')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('counts failed calls, loses none of the others, and exits with 1', async () => {
    const args = ['--handover', 'sequential', '--host', 'in-process', '--duration', '1', '--json']
    const { code, stdout } = await demo(args, FEW, FAILING)
    const results = JSON.parse(stdout) as Results
    const { failed } = results
    expect(failed).toBeGreaterThan(0)
    expect(results).toMatchObject({
      host: 'in-process',
      ok: false,
      switched: true,
      errors: { 'Error: disk on fire': failed },
    })
    expect(results).toMatchObject({ lost: 0, doubled: 0, wrong: 0, bad: failed })
    expect(code).toBe(1)
  })

  it('refuses a wrong option in one line, and exits with 2', async () => {
    const message = 'Option --host must be in-process, worker or process, got "moon". See --help.\n'
    expect(await demo(['--host', 'moon'])).toEqual({ code: 2, stdout: '', stderr: message })
  })

  it('exits early and cleanly on SIGINT, with the summary', async () => {
    const args = ['--handover', 'sequential', '--duration', '60', '--concurrency', '1']
    const { stdout, ...ending } = await interruptedDemo(
      'SIGINT',
      args,
      (line, kill) => {
        if (/active 4\.3\.0 .* [1-9][\d,]* answered/.test(line)) kill()
      },
      FEW,
    )
    expect(stdout).toMatch(/^ +\d+\.\d {2}event {2}stopped 4\.3\.0$/m)
    expect(stdout.trimEnd()).toMatch(
      /✔ Interrupted before the switch: 0 of [\d,]+ calls failed, were lost or ran twice; .*$/,
    )
    expect(ending).toEqual({ code: 0, signal: null, stderr: '' })
  })

  it('shows one takeover after the other in an inspector with --inspect, until SIGINT', async () => {
    const actives = new Set<string>()
    const { stdout, ...ending } = await interruptedDemo(
      'SIGINT',
      ['--inspect', '--host', 'in-process'],
      (line, kill) => {
        if (!line.startsWith('Open ')) return
        const socket = new URL(line.replace('Open http:', 'ws:'))
        socket.pathname = '/socket'
        new WebSocket(socket).on('message', message => {
          const { type, snapshot } = JSON.parse(`${message}`) as InspectorMessage & {
            snapshot?: { context?: { active?: string } }
          }
          if (type === '@xstate.snapshot') actives.add(`${snapshot?.context?.active}`)
          if (['4.3.0', '18'].every(version => [...actives].some(active => active.startsWith(version)))) kill()
        })
      },
      FEW,
    )
    expect(stdout).toMatch(
      /^Open http:.*token=\S+\nPress Ctrl-C to stop\.\n\n1 takeover, [\d,]+ calls answered, 0 failed\.\n$/,
    )
    expect(ending).toEqual({ code: 0, signal: null, stderr: '' })
  })

  it('reports in one line that there is nothing to render, and exits with 1', async () => {
    const { code, stdout, stderr } = await demo([], replacing('readdir', 'async () => []'))
    expect(stderr).toMatch(/^No README\.md found in \S+node_modules\S*\. Run "npm install" first\.\n$/)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })
})
