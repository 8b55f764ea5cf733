/** Five nodes in processes under load, and one version after another, a third of them bad: no call is lost. */
import { expect, it } from 'vitest'
import { noNatsServer } from '../fixtures/installed.js'
import { randomFrom } from '../fixtures/randomFrom.js'
import { FleetProcesses } from './processes/fleetProcesses.js'
import { type Deployed, faultsOf, waveReached } from './processes/verdict.js'

/** `DEPLOYS=20` for the full form. */
const DEPLOYS = Number(process.env['DEPLOYS'] ?? 3)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const PERCENTS = [20, 60, 100]
/** A version that is bad leaves long before; on a slow machine that takes more calls than time. */
const LONG_SOAK = 60_000

/** Every third version is bad: on all nodes, or on one. */
function versionFor(n: number, random: () => number): string {
  if (n % 3 !== 2) return `${n + 2}.0.0`
  const node = `n${1 + Math.floor(random() * 5)}`
  const flaws = ['throws', `throws.on.${node}`, 'late', `start.on.${node}`, 'verify']
  return `${n + 2}.0.0-${flaws[((n - 2) / 3) % flaws.length]}`
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

it.skipIf(noNatsServer !== undefined)(
  `Five nodes lose no call in ${DEPLOYS} rollouts, and a bad version never leaves its wave (DEPLOYS=${DEPLOYS} SEED=${SEED}) ${noNatsServer ?? ''}`,
  async () => {
    const random = randomFrom(SEED)
    await using all = await FleetProcesses.start({
      fleet: 'deploys',
      count: 5,
      heartbeat: 500,
      heartbeatTimeout: 2_500,
      senders: 4,
      pause: 2,
      minCalls: 20,
    })
    const back: number[] = []
    const good: number[] = []
    let permanent = '1.0.0'
    for (let n = 0; n < DEPLOYS; n++) {
      const version = versionFor(n, random)
      const [, flaw, on] = /-(\w+)(?:\.on\.(\w+))?/.exec(version) ?? []
      const soak = flaw === 'late' ? LONG_SOAK : 100
      all.forget()
      const waves = PERCENTS.map(percent => ({ percent, soak }))
      const { epoch } = await all.deploy(version, waves)
      const deployed: Deployed = { version, epoch, percents: PERCENTS }
      const own = all.waveOf(version, PERCENTS)
      const goal = flaw === undefined ? version : permanent
      await all.until(() =>
        all.nodes.every(
          ({ snapshot, active }) =>
            snapshot?.wanted !== null &&
            snapshot?.wanted.wave === (flaw === undefined ? PERCENTS.length : snapshot?.wanted.wave) &&
            (snapshot?.wanted.reason !== null) === (flaw !== undefined) &&
            snapshot?.version === goal &&
            active === goal &&
            snapshot.state !== 'moving',
        ),
      )
      expect(await faultsOf(all, deployed)).toEqual([])
      const told = all.nodes.flatMap(node => node.told)
      const breaches = told.flatMap(each => (each.type === 'breach' ? [each.at] : []))
      const settled = Math.max(...all.nodes.map(node => node.told.findLast(({ type }) => type === 'snapshot')?.at ?? 0))
      if (flaw === undefined) {
        expect(breaches).toEqual([])
        permanent = version
        good.push(settled - Math.min(...told.map(({ at }) => at)))
      } else {
        expect(await waveReached(all, deployed)).toBe(on === undefined ? 0 : own.get(on))
        back.push(settled - Math.min(...breaches))
      }
    }
    const calls = await Promise.all(all.nodes.map(node => node.end()))
    const sum = (of: (typeof calls)[number][], key: 'sent' | 'answered' | 'flawed' | 'wrong') =>
      of.reduce((total, each) => total + each[key], 0)
    const [sent, answered, flawed, wrong] = (['sent', 'answered', 'flawed', 'wrong'] as const).map(key =>
      sum(calls, key),
    )
    console.info(
      `${DEPLOYS} rollouts, ${back.length} bad: ${sent} calls, ${flawed} failed by a bad version, ${Number(sent) - Number(answered) - Number(flawed)} lost; ` +
        `from breach to all back ${Math.round(median(back))} ms in the median, ${Math.round(Math.max(...back))} ms at worst; ` +
        `a good one takes ${Math.round(median(good))} ms (SEED=${SEED})`,
    )
    expect(calls.flatMap(({ failed }) => Object.keys(failed))).toEqual([])
    expect({ lost: Number(sent) - Number(answered) - Number(flawed), wrong }).toEqual({ lost: 0, wrong: 0 })
  },
  600_000,
)
