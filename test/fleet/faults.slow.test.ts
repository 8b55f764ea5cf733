/** Rollouts of a fleet of processes with faults at random: in the end all live nodes run one proven version, or the record says why not. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { noNatsServer } from '../fixtures/installed.js'
import { randomFrom } from '../fixtures/randomFrom.js'
import { FleetProcesses } from './processes/fleetProcesses.js'
import { type Deployed, faultsOf, waveReached } from './processes/verdict.js'

/** `ROLLOUTS=100 AWAY=10000` for the full form. */
const ROLLOUTS = Number(process.env['ROLLOUTS'] ?? 2)
/** How long NATS is away, or a node is cut off, in ms. */
const AWAY = Number(process.env['AWAY'] ?? 1_000)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const PERCENTS = [20, 60, 100]
/** Faults begin so long after the version was deployed, at most, in ms. */
const SPREAD = 2_000
/** A bad version ends its soak early; on a slow machine it needs time until there are enough calls. */
const LONG_SOAK = 60_000
const HOUR = 3_600_000

const FLAWS = ['', '', '-throws', '', '-verify', '-start']

async function pause(ms: number): Promise<void> {
  await delay(ms)
}

type Fault = (all: FleetProcesses, random: () => number) => Promise<string>

const some = <T>(values: readonly T[], random: () => number): T => {
  const found = values[Math.floor(random() * values.length)]
  if (found === undefined) throw new Error('There is nothing to choose from.')
  return found
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'kill a node': async (all, random) => {
    const node = some(all.nodes, random)
    const away = random() * AWAY
    await node.kill()
    await pause(away)
    node.launch()
    return node.name
  },
  'kill the server': async ({ server }) => {
    await server.kill()
    await server.launch()
    return ''
  },
  'take the server away': async ({ server }) => {
    await server.kill()
    await pause(AWAY)
    await server.launch()
    return ''
  },
  'cut two nodes off': async (all, random) => {
    const first = Math.floor(random() * all.nodes.length)
    const names = [all.nodes[first]?.name, all.nodes[(first + 1 + Math.floor(random() * 4)) % 5]?.name]
    const proxies = names.map(name => all.proxies.get(name ?? ''))
    for (const proxy of proxies) proxy?.cut()
    await pause(AWAY)
    for (const proxy of proxies) proxy?.mend()
    return names.join(' and ')
  },
}

/** Lets one to three faults happen. Those of the server come one after another, since there is one. */
async function harm(all: FleetProcesses, random: () => number): Promise<string[]> {
  let server: Promise<unknown> = Promise.resolve()
  const faults = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
    name: some(Object.keys(FAULTS), random),
    at: random() * SPREAD,
    own: randomFrom(random() * 2 ** 31),
  }))
  return Promise.all(
    faults.map(async ({ name, at, own }) => {
      await pause(at)
      const act = async () => `${name} ${await FAULTS[name]?.(all, own)}`
      if (!name.includes('server')) return act()
      const done = server.then(act)
      server = done
      return done
    }),
  )
}

/** Whether all nodes know the same record, no wave is open, and each is where the record wants it. */
function isSettled({ nodes }: FleetProcesses, epoch: number): boolean {
  const [first] = nodes
  const record = JSON.stringify(first?.snapshot?.wanted)
  return nodes.every(({ snapshot, active }) => {
    const { wanted, link, state, version } = snapshot ?? {}
    if (wanted == null || wanted.epoch < epoch || JSON.stringify(wanted) !== record) return false
    if (link !== 'judging' || state === 'moving' || state === 'announcing' || state === 'joining') return false
    if (wanted.reason === null && wanted.wave < wanted.waves.length) return false
    const isTold = wanted.reason !== null && wanted.paused
    return isTold || (version === wanted.version && active === wanted.version)
  })
}

it.skipIf(noNatsServer !== undefined)(
  `A fleet ends on one proven version, or halted with the reason, whatever fails (ROLLOUTS=${ROLLOUTS} AWAY=${AWAY} SEED=${SEED}) ${noNatsServer ?? ''}`,
  async () => {
    const random = randomFrom(SEED)
    await using all = await FleetProcesses.start({
      fleet: 'faults',
      count: 5,
      heartbeat: 400,
      heartbeatTimeout: 2_000,
      senders: 1,
      pause: 100,
      minCalls: 0,
      // From an hour behind to an hour ahead.
      skewOf: index => (index / 2 - 1) * HOUR,
    })
    const counts: Record<string, number> = {}
    const count = (what: string) => {
      counts[what] = (counts[what] ?? 0) + 1
    }
    for (let n = 0; n < ROLLOUTS; n++) {
      const flaw = some(FLAWS, random)
      const version = `${n + 2}.0.0${flaw}`
      all.forget()
      const waves = PERCENTS.map(percent => ({ percent, soak: flaw === '' ? 200 : LONG_SOAK }))
      const { epoch } = await all.deploy(version, waves)
      const deployed: Deployed = { version, epoch, percents: PERCENTS }
      const faults = await harm(all, random)
      const what = `rollout ${n + 1}, ${version}: ${faults.join(', ')}`
      for (const fault of faults) count(fault.replace(/ n\d.*| $/, ''))
      await all
        .until(() => isSettled(all, epoch))
        .catch((error: Error) => {
          throw new Error(`${what}: ${error.message}`)
        })
      expect(await faultsOf(all, deployed), what).toEqual([])
      const { wanted } = all.nodes[0]?.snapshot ?? {}
      const isHalted = wanted?.reason !== null
      if (flaw !== '')
        expect({ isHalted, wave: await waveReached(all, deployed) }, what).toEqual({ isHalted: true, wave: 0 })
      if (isHalted) expect(wanted?.reason, what).toMatch(/^Version \S+ failed in wave \d of 3: n\d/)
      count(isHalted ? (wanted?.paused ? 'halted, and the way back failed' : 'halted') : 'permanent')
      console.info(`${what} → ${isHalted ? `halted: ${wanted?.reason}` : 'permanent'}`)
    }
    console.info(`${JSON.stringify(counts)} (ROLLOUTS=${ROLLOUTS} AWAY=${AWAY} SEED=${SEED})`)
  },
  3 * 3_600_000,
)
