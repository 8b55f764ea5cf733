import { describe, expect, it } from 'vitest'
import type { FleetResults } from '../../docs/examples/demo/fleet/results.js'
import { noNatsServer } from '../fixtures/installed.js'
import { demo, drawings, FEW, interruptedDemo, terminal } from './demo.js'

describe.skipIf(noNatsServer !== undefined)(
  `The demo, npm start -- --fleet, ${noNatsServer ?? ''}`,
  { timeout: 300_000 },
  () => {
    it('moves all nodes to the good version, loses no call, and stops the broken version at its first wave', async () => {
      const args = ['--fleet', '3', '--duration', '1', '--concurrency', '6', '--json']
      const { code, stdout, stderr } = await demo(args, FEW)
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

    it('draws its nodes in place on a terminal, below a line for each wave, and exits cleanly on SIGTERM', async () => {
      const { stdout, ...ending } = await interruptedDemo(
        'SIGTERM',
        ['--fleet', '2', '--concurrency', '2'],
        (line, kill) => {
          if (line.includes('wave 1 of 3')) kill()
        },
        FEW,
        `${terminal(60, 24)}; process.env.NO_COLOR = '1'`,
      )
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that move the cursor and erase
      const plain = stdout.replace(/\r|\u001B\[\d*[AJK]/g, '')
      expect(plain).toMatch(/^ +\d+\.\d s {3}deploy 18\S+ in 3 waves$/m)
      expect(plain).toMatch(/^ {2}n1 .* calls$/m)
      const during = drawings(stdout).slice(1, -1).flat()
      expect(Math.max(...during.map(line => line.length))).toBeLessThan(60)
      expect(stdout.trimEnd()).toMatch(/✔ Interrupted\. 0 of [\d,]+ calls went wrong\.$/)
      expect(ending).toEqual({ code: 0, signal: null, stderr: '' })
    })
  },
)

it('The demo of a fleet says in one line how to get nats-server, and exits with 1', async () => {
  const { code, stdout, stderr } = await demo(
    ['--fleet', '2', '--json'],
    FEW,
    `process.env.NATS_SERVER = '/none/nats-server'`,
  )
  expect(stderr).toMatch(/^The demo of a fleet needs nats-server\. Install it: "apt install nats-server", .*\n$/)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
})
