/** A fleet of five processes under load: one after another is killed, as is its server, faults happen at random, and many versions are bad. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noNatsServer } from '../fixtures/installed.js'
import { randomFrom } from '../fixtures/randomFrom.js'
import { FleetProcesses } from './processes/fleetProcesses.js'
import { type Deployed, faultsOf, waveReached } from './processes/verdict.js'

/** `ROLLOUTS=100 AWAY=10000` for the full form. */
const ROLLOUTS = Number(process.env['ROLLOUTS'] ?? 2)
/** How long NATS is away, or a node is cut off, in ms. */
const AWAY = Number(process.env['AWAY'] ?? 1_000)
/** `DEPLOYS=20` for the full form. */
const DEPLOYS = Number(process.env['DEPLOYS'] ?? 3)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const PERCENTS = [20, 60, 100]
/** Faults begin so long after the version was deployed, at most, in ms. */
const SPREAD = 2_000
/** A bad version ends its soak early; on a slow machine it needs time until there are enough calls. */
const LONG_SOAK = 60_000
/** Of a version that is bad on one node: the waves before it pass. */
const SOME_SOAK = 2_000
/** Of each sender between two calls, in ms: usually, and where the calls are counted. */
const [PAUSE, SHORT_PAUSE] = [100, 2]
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

/** Every third version is bad: on all nodes, or on one. */
function versionFor(n: number, random: () => number): string {
  const major = n + 1_001
  if (n % 3 !== 2) return `${major}.0.0`
  const node = `n${1 + Math.floor(random() * 5)}`
  const flaws = ['throws', `throws.on.${node}`, 'late', `start.on.${node}`, 'verify']
  return `${major}.0.0-${flaws[((n - 2) / 3) % flaws.length]}`
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

describe.skipIf(noNatsServer !== undefined)(`A fleet of five processes ${noNatsServer ?? ''}`, () => {
  let all: FleetProcesses
  beforeAll(async () => {
    all = await FleetProcesses.start({
      fleet: 'faults',
      count: 5,
      heartbeat: 400,
      heartbeatTimeout: 2_000,
      senders: 4,
      pause: PAUSE,
      // From an hour behind to an hour ahead.
      skewOf: index => (index / 2 - 1) * HOUR,
    })
  }, 300_000)
  afterAll(() => all[Symbol.asyncDispose]())

  it('survives SIGKILL of a node that moves, and of nats-server', async () => {
    const second = all.node('n2')
    const others = all.nodes.filter(node => node !== second)
    const isAt = (version: string, nodes = all.nodes) =>
      nodes.every(({ snapshot, active }) => snapshot?.version === version && active === version)
    const isPermanent = (version: string) =>
      isAt(version) && all.nodes.every(({ snapshot }) => snapshot?.wanted?.wave === snapshot?.wanted?.waves.length)

    await all.deploy('2.0.0', [{ percent: 1 }, { percent: 100 }])
    await all.until(() => isPermanent('2.0.0'))

    await all.deploy('3.0.0-hangs.on.n2', [{ percent: 100 }])
    await all.until(() => second.snapshot?.state === 'moving')
    await second.kill()
    await all.until(() => isAt('2.0.0', others) && others.every(({ snapshot }) => snapshot?.wanted?.reason != null))
    expect(others[0]?.snapshot?.wanted?.reason).toContain('n2 is silent since it began to move')
    second.launch()
    await all.until(
      () =>
        isAt('2.0.0') &&
        all.nodes.every(({ snapshot }) => snapshot?.state === 'settled' && snapshot.link === 'judging'),
    )

    await all.server.kill()
    await all.until(() => all.nodes.every(({ snapshot }) => snapshot?.link === 'away'))
    expect(all.nodes.map(({ snapshot, active }) => [snapshot?.state, snapshot?.version, active])).toEqual(
      all.nodes.map(() => ['settled', '2.0.0', '2.0.0']),
    )
    await all.server.launch()
    await all.until(() => all.nodes.every(({ snapshot }) => snapshot?.link === 'judging'))
    await all.deploy('4.0.0', [{ percent: 100 }])
    await all.until(() => isPermanent('4.0.0'))
  }, 600_000)

  it(
    `ends on one proven version, or halted with the reason, whatever fails (ROLLOUTS=${ROLLOUTS} AWAY=${AWAY} SEED=${SEED})`,
    async () => {
      const random = randomFrom(SEED)
      const counts: Record<string, number> = {}
      const count = (what: string) => {
        counts[what] = (counts[what] ?? 0) + 1
      }
      for (let n = 0; n < ROLLOUTS; n++) {
        const flaw = some(FLAWS, random)
        const version = `${n + 5}.0.0${flaw}`
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

  // The last one: it ends the nodes.
  it(`loses no call in ${DEPLOYS} rollouts, and a bad version never leaves its wave (DEPLOYS=${DEPLOYS} SEED=${SEED})`, async () => {
    const random = randomFrom(SEED)
    for (const node of all.nodes) node.setPause(SHORT_PAUSE)
    const back: number[] = []
    const good: number[] = []
    let permanent = all.nodes[0]?.active ?? ''
    for (let n = 0; n < DEPLOYS; n++) {
      const version = versionFor(n, random)
      const [, flaw, on] = /-(\w+)(?:\.on\.(\w+))?/.exec(version) ?? []
      const soak = flaw === undefined ? 100 : on === undefined ? LONG_SOAK : SOME_SOAK
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
  }, 600_000)
})
