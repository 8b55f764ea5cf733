import type { FleetStatus } from 'cutover/fleet'
import { fleetLinkMachine, fleetMachine } from 'cutover/machines'
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest'
import { noNatsServer } from '../fixtures/installed.js'
import { turns } from '../fixtures/turns.js'
import { EdgeCoverage } from '../model/edgeCoverage.js'
import { type BedOptions, FleetBed, HEARTBEAT } from './fleetBed.js'
import { gated } from './gated.js'
import { NatsServer } from './natsServer.js'

const ALL = { waves: [{ percent: 100 }] }
const ONE_BY_ONE = { waves: [{ percent: 1 }, { percent: 100 }] }

const coverages = [new EdgeCoverage(fleetMachine), new EdgeCoverage(fleetLinkMachine)]
let server: NatsServer
let fleets = 0

/** A fleet of its own, whose transitions count for the coverage. If the test fails, it prints what the nodes have logged. */
async function fleetOf(count: number, options?: BedOptions): Promise<FleetBed> {
  const bed = await FleetBed.open(server, `f${++fleets}`, count, options)
  onTestFailed(() => {
    for (const { name, logs, snapshot } of bed.nodes) console.error(name, snapshot, logs)
  })
  const dispose = bed[Symbol.asyncDispose].bind(bed)
  bed[Symbol.asyncDispose] = async () => {
    await dispose()
    const taken = bed.recorder.take()
    for (const coverage of coverages) coverage.note(taken)
  }
  return bed
}

describe.skipIf(noNatsServer !== undefined)(`A fleet ${noNatsServer ?? ''}`, () => {
  beforeAll(async () => {
    server = await NatsServer.start()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('Nodes serve on while NATS is away, change nothing, and compare when it is back', async () => {
    await using bed = await fleetOf(2)
    const own = await server.connect()
    const closing = await bed.add('closing', { node: { connection: own } })
    await server.kill()
    await bed.until(({ link }) => link === 'away')
    await own.close()
    await closing.member.leave()
    bed.nodes.pop()
    expect(bed.nodes.map(({ aggregate }) => aggregate.status().active)).toEqual(['1.0.0', '1.0.0'])
    expect(bed.nodes.map(({ snapshot }) => snapshot.state)).toEqual(['settled', 'settled'])
    await server.launch()
    await bed.until(({ link }) => link === 'waiting')
    bed.clock.increment(1_000)
    await bed.until(({ link }) => link === 'listening')
    await bed.listen()
    await bed.operator.deploy('2.0.0', ALL)
    await bed.until(({ version }) => version === '2.0.0')
  })

  it('A move that is under way when NATS goes away ends, and is told afterwards', async () => {
    await using bed = await fleetOf(1)
    bed.held.add('2.0.0')
    await bed.operator.deploy('2.0.0', ALL)
    await bed.until(({ state }) => state === 'moving')
    await server.kill()
    await bed.until(({ link }) => link === 'away')
    bed.release()
    await bed.until(({ state }) => state === 'proven')
    await server.launch()
    await bed.until(({ link }) => link === 'waiting')
    bed.clock.increment(1_000)
    await bed.until(({ link }) => link === 'listening')
    await bed.listen()
    await bed.seen(({ state }) => state === 'permanent')
  })

  it('A wave opens after each live node has proved the version, and not before', async () => {
    await using bed = await fleetOf(3)
    const [first, ...others] = bed.inOrder('2.0.0')
    bed.held.add(`2.0.0 on ${first}`)
    await bed.operator.deploy('2.0.0', ONE_BY_ONE)
    await bed.node(first ?? '').until(({ state }) => state === 'moving')
    await bed.listen()
    expect(others.map(name => bed.node(name).snapshot.state)).toEqual(['settled', 'settled'])
    expect(bed.nodes[0]?.snapshot.wanted?.wave).toBe(0)
    bed.release()
    await bed.seen(({ state }) => state === 'permanent')
  })

  it('A node that falls silent while it moves has failed: the fleet goes back', async () => {
    await using bed = await fleetOf(2)
    const [first = ''] = bed.inOrder('2.0.0')
    const cut = await server.connect()
    const lost = await bed.add('lost', { node: { connection: cut } })
    await bed.listen()
    bed.held.add('2.0.0 on lost')
    await bed.operator.deploy('2.0.0', ALL)
    await lost.until(({ state }) => state === 'moving')
    await bed.node(first).until(({ state }) => state === 'proven')
    await cut.close()
    await lost.until(({ link }) => link === 'away')
    await bed.listen()
    const { wanted } = await bed.seen(({ state, nodes }) => {
      return state === 'halted' && nodes.every(({ name, version }) => name === 'lost' || version === '1.0.0')
    })
    expect(wanted?.reason).toBe('Version 2.0.0 failed in wave 1 of 1: lost is silent since it began to move.')
  })

  it('A node whose process ended while it moved has failed: it does not try again until the version is permanent', async () => {
    await using bed = await fleetOf(1)
    const connection = await server.connect()
    const dying = await bed.add('dying', { node: { connection } })
    await bed.listen()
    bed.held.add('2.0.0 on dying')
    await bed.operator.deploy('2.0.0', { ...ALL, maxFailed: 1 })
    await dying.until(({ state }) => state === 'moving')
    await connection.close()
    bed.held.clear()
    const back = await bed.add('dying')
    const { reason } = await back.until(({ state }) => state === 'failed')
    expect(reason).toBe('The process of the node ended while it moved to 2.0.0.')
    expect(back.provisioned.map(it => it.getActiveVersion())).toEqual(['1.0.0'])
    await bed.seen(({ nodes }) => nodes.some(({ state }) => state === 'failed'))
    await bed.inTime(bed.node('n1'), ({ wanted }) => wanted?.wave === 1)
    // The permanent version is another order now: it is carried out.
    await back.until(({ version }) => version === '2.0.0')
  })

  it('A node that comes late goes straight to what is permanent; one that comes in the middle waits', async () => {
    await using bed = await fleetOf(1)
    bed.held.add('2.0.0 on n1')
    await bed.operator.deploy('2.0.0', ALL)
    await bed.node('n1').until(({ state }) => state === 'moving')
    const middle = await bed.add('middle')
    await middle.until(({ state, target }) => state === 'settled' && target === '1.0.0')
    bed.release()
    await middle.until(({ version, state }) => version === '2.0.0' && state === 'settled')
    const late = await bed.add('late')
    await late.until(({ version, state }) => version === '2.0.0' && state === 'settled')
  })

  it('A process that comes back knows what it has proved, and that it has failed', async () => {
    await using bed = await fleetOf(2)
    const [first = '', second = ''] = bed.inOrder('2.0.0')
    bed.bad.add(`2.0.0 on ${first}`)
    bed.held.add(`2.0.0 on ${second}`)
    await bed.operator.deploy('2.0.0', { ...ALL, maxFailed: 1 })
    await bed.node(first).until(({ state }) => state === 'failed')
    await bed.seen(({ nodes }) => nodes.some(({ state }) => state === 'failed'))
    await bed.node(first).member[Symbol.asyncDispose]()
    const failed = await bed.add(first)
    await failed.until(({ state, reason }) => state === 'failed' && reason !== null)
    expect(failed.provisioned).toHaveLength(1)
    await bed.operator.pause()
    bed.release()
    await bed.node(second).until(({ state }) => state === 'proven')
    await bed.seen(({ nodes }) => nodes.some(({ state }) => state === 'proven'))
    await bed.node(second).member[Symbol.asyncDispose]()
    const proven = bed.rejoin(bed.node(second))
    await proven.until(({ state, version }) => state === 'proven' && version === '2.0.0')
  })

  it('A half-written record is refused and told, and changes nothing; force replaces it', async () => {
    await using bed = await fleetOf(1)
    await bed.operator.deploy('2.0.0', ALL)
    await bed.seen(({ state }) => state === 'permanent')
    await bed.write('{"format":1,"version":"3.0.0","pre')
    const node = bed.node('n1')
    const { reason, version } = await node.until(({ refused }) => refused)
    expect(reason).toMatch(/JSON/)
    expect(version).toBe('2.0.0')
    expect(node.logs.join('\n')).toContain('the record of the fleet is refused')
    await expect(bed.operator.deploy('3.0.0')).rejects.toMatchObject({ code: 'CUTOVER_FLEET_RECORD' })
    const late = await bed.add('late')
    await late.until(({ refused, state }) => refused && state === 'settled')
    const record = await bed.operator.deploy('3.0.0', { ...ALL, force: true })
    expect(record).toMatchObject({ previous: '2.0.0', epoch: 2 })
    await bed.until(({ version }) => version === '3.0.0')
    expect((await bed.operator.history()).map(({ refused }) => refused === null)).toEqual([
      true,
      true,
      false,
      true,
      true,
    ])
  })

  it('A record of a later format is refused and told, also with force', async () => {
    await using bed = await fleetOf(1)
    await bed.write('{"format":2,"target":"3.0.0"}')
    const { reason } = await bed.node('n1').until(({ refused }) => refused)
    expect(reason).toBe('its format is 2, and this release reads 1: upgrade cutover here')
    await expect(bed.operator.deploy('3.0.0', { force: true })).rejects.toMatchObject({ code: 'CUTOVER_FLEET_RECORD' })
    expect((await bed.operator.status()).refused).toBe(reason)
  })

  it('Of two operators at once one is first, and the other is told', async () => {
    await using bed = await fleetOf(1)
    bed.held.add('2.0.0').add('3.0.0')
    const orders = ['2.0.0', '3.0.0'].map(version => bed.operator.deploy(version, ALL))
    const ends = await Promise.allSettled(orders)
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const lost = ends.find(end => end.status === 'rejected')
    expect(lost?.reason).toMatchObject({
      code: 'CUTOVER_FLEET_STATE',
      message: expect.stringContaining('is under way'),
    })
    bed.release()
  })

  it('A deployment with force takes the place of one under way, in the middle of a move', async () => {
    await using bed = await fleetOf(2)
    bed.held.add('2.0.0')
    await bed.operator.deploy('2.0.0', ALL)
    await bed.until(({ state }) => state === 'moving')
    const { previous } = await bed.operator.deploy('3.0.0', { ...ONE_BY_ONE, force: true })
    expect(previous).toBe('1.0.0')
    await bed.seen(({ state, nodes }) => state === 'permanent' && nodes.every(({ version }) => version === '3.0.0'))
  })

  it('No node begins while the fleet is paused; a halt takes back a node in the middle of its move', async () => {
    await using bed = await fleetOf(2)
    const [first = '', second = ''] = bed.inOrder('2.0.0')
    bed.held.add('2.0.0')
    await bed.operator.deploy('2.0.0', ONE_BY_ONE)
    await bed.node(first).until(({ state }) => state === 'moving')
    await bed.operator.pause()
    await expect(bed.operator.pause()).rejects.toMatchObject({ code: 'CUTOVER_FLEET_STATE' })
    bed.release()
    await bed.node(first).until(({ state }) => state === 'proven')
    await bed.listen()
    expect(bed.node(second).snapshot).toMatchObject({ state: 'settled', wanted: { wave: 0, paused: true } })
    bed.held.add('2.0.0')
    await bed.operator.resume()
    await bed.node(second).until(({ wanted }) => wanted?.paused === false)
    await bed.inTime(bed.node(second), ({ state }) => state === 'moving')
    await bed.operator.halt('The customers complain.')
    await bed.until(({ version, state, wanted }) => version === '1.0.0' && state === 'settled' && wanted?.epoch === 2)
    const { wanted } = await bed.operator.status()
    expect(wanted?.reason).toBe('The customers complain.')
    await expect(bed.operator.halt('again')).rejects.toMatchObject({ code: 'CUTOVER_FLEET_STATE' })
    await expect(bed.operator.resume()).rejects.toMatchObject({ code: 'CUTOVER_FLEET_STATE' })
  })

  it('A way back that fails is said once, and not tried again', async () => {
    await using bed = await fleetOf(2)
    const [first = '', second = ''] = bed.inOrder('3.0.0')
    await bed.operator.deploy('2.0.0', ALL)
    await bed.seen(({ state }) => state === 'permanent')
    bed.held.add(`3.0.0 on ${second}`)
    await bed.operator.deploy('3.0.0', ALL)
    const node = bed.node(first)
    await node.until(({ version }) => version === '3.0.0')
    await bed.node(second).until(({ state }) => state === 'moving')
    bed.bad.add('2.0.0')
    await bed.operator.halt('It is slow.')
    await node.until(({ state }) => state === 'failed')
    const { wanted } = await bed.seen(({ wanted }) => wanted?.paused === true && wanted.reason !== null)
    expect(wanted?.reason).toMatch(/^It is slow\. The way back to 2\.0\.0 failed: n\d: .*2\.0\.0 is bad\.$/)
    const count = node.provisioned.length
    await bed.listen()
    expect(node.provisioned).toHaveLength(count)
    expect((await bed.operator.history()).at(-1)?.wanted).toEqual(wanted)
  })

  it('leave() in the middle of a move: the version before it serves, and the fleet does not count the node', async () => {
    await using bed = await fleetOf(2)
    const [first = '', second = ''] = bed.inOrder('2.0.0')
    bed.held.add('2.0.0')
    await bed.operator.deploy('2.0.0', ALL)
    await bed.until(({ state }) => state === 'moving')
    const { member, aggregate } = bed.node(first)
    await Promise.all([member.leave(), member.leave()])
    expect(member.snapshot).toMatchObject({ state: 'left', link: 'closed' })
    expect(aggregate.status()).toMatchObject({ active: '1.0.0', next: null })
    const { nodes } = await bed.seen(({ nodes }) => nodes.length === 1)
    expect(nodes[0]?.name).toBe(second)
    bed.release()
    await bed.seen(({ state }) => state === 'permanent')
  })

  it('A dispose in the middle of a move is no failure: the node stays registered, and tries again', async () => {
    await using bed = await fleetOf(1)
    bed.held.add('2.0.0')
    await bed.operator.deploy('2.0.0', ALL)
    const node = bed.node('n1')
    await node.until(({ state }) => state === 'moving')
    await node.member[Symbol.asyncDispose]()
    const { nodes } = await bed.seen(({ nodes }) => nodes[0]?.state === 'settled')
    expect(nodes).toMatchObject([{ name: 'n1', version: '1.0.0' }])
    bed.release()
    const back = await bed.add('n1')
    await back.until(({ state }) => state === 'proven')
  })

  it('A rollout that is disposed of in the middle of a move has failed, with its reason', async () => {
    await using bed = await fleetOf(1)
    bed.held.add('2.0.0')
    await bed.operator.deploy('2.0.0', ALL)
    const node = bed.node('n1')
    await node.until(({ state }) => state === 'moving')
    await node.rollout[Symbol.asyncDispose]()
    const { reason } = await node.until(({ state }) => state === 'failed')
    expect(reason).toContain('The rollout was disposed of')
    await bed.seen(({ state }) => state === 'halted')
  })

  it('Of two processes with one name the later one is the node, and the other leaves with the reason', async () => {
    await using bed = await fleetOf(1)
    const [first] = bed.nodes
    const second = await bed.add('n1')
    const { reason } = (await first?.until(({ state }) => state === 'left')) ?? {}
    expect(reason).toBe('Another process has joined under the name of this node.')
    await second.until(({ state }) => state === 'settled')
  })

  it('A node that was away while another process took its name leaves when it is back', async () => {
    await using bed = await fleetOf(0)
    const connection = await server.connect()
    const first = await bed.add('n1', { node: { connection } })
    await connection.reconnect()
    await first.until(({ link }) => link === 'waiting')
    const second = await bed.add('n1')
    bed.clock.increment(1_000)
    const { reason } = await first.until(({ state }) => state === 'left')
    expect(reason).toBe('Another process has joined under the name of this node.')
    expect(second.snapshot.state).toBe('settled')
    await connection.close()
  })

  it('A reason of any length is told, cut short', async () => {
    await using bed = await fleetOf(1)
    const verify = () => Promise.reject(new Error('x'.repeat(2_000_000)))
    const node = await bed.add('n2', { rollout: { verify } })
    await bed.listen()
    await bed.operator.deploy('2.0.0', ALL)
    await node.until(({ state }) => state === 'failed')
    const { wanted } = await bed.seen(({ state }) => state === 'halted')
    expect(wanted?.reason).toMatch(/n2: The rollout of version 2\.0\.0 was rejected.*x…/)
    expect(wanted?.reason?.length).toBeLessThan(1_000)
  })

  it('A move whose place another assignment has taken may end before that begins', async () => {
    await using bed = await fleetOf(2)
    bed.held.add('2.0.0')
    bed.bad.add('2.0.0 on n2')
    await bed.operator.deploy('2.0.0', ALL)
    await bed.until(({ state }) => state === 'moving')
    // The next assignment waits for the end of the pause: what is under way ends.
    const { wanted } = await bed.operator.status()
    const members = { ...wanted?.members, last: bed.inOrder('3.0.0').at(-1) }
    await bed.write(JSON.stringify({ ...wanted, version: '3.0.0', epoch: 2, members, paused: true }))
    await bed.until(({ state, target }) => state === 'settled' && target === '3.0.0')
    bed.release()
    await bed.node('n1').until(({ version }) => version === '2.0.0')
    await bed.operator.resume()
    await bed.seen(({ state, nodes }) => state === 'permanent' && nodes.every(({ version }) => version === '3.0.0'))
  })

  it('A node that has announced itself does not begin when the record changes before NATS has confirmed it', async () => {
    const { connection, gate } = gated(await server.connect(), /^\$KV\.cutover_f\d+_nodes/)
    await using bed = await fleetOf(1, { node: { connection } })
    const node = bed.node('n1')
    gate.close()
    await bed.operator.deploy('2.0.0', ALL)
    await node.until(({ state }) => state === 'announcing')
    const { wanted } = await bed.operator.status()
    await bed.write(JSON.stringify({ ...wanted, maxFailed: 1 }))
    await node.until(({ wanted }) => wanted?.maxFailed === 1)
    expect(node.snapshot.state).toBe('announcing')
    await bed.operator.pause()
    await node.until(({ state }) => state === 'settled')
    gate.open()
    expect(node.provisioned).toHaveLength(1)
    await bed.operator.resume()
    await node.until(({ version }) => version === '2.0.0')
    await connection.close()
  })

  it('A move that ends while the node announces the next one is noted', async () => {
    const { connection, gate } = gated(await server.connect(), /^\$KV\.cutover_f\d+_nodes/)
    await using bed = await fleetOf(2, { node: { connection } })
    bed.held.add('2.0.0')
    bed.bad.add('2.0.0 on n2')
    await bed.operator.deploy('2.0.0', ALL)
    await bed.until(({ state }) => state === 'moving')
    gate.close()
    await bed.operator.deploy('3.0.0', { ...ALL, force: true })
    await bed.until(({ state }) => state === 'announcing')
    bed.release()
    await bed.node('n1').until(({ version }) => version === '2.0.0')
    gate.open()
    const isThere = ({ state, nodes }: FleetStatus) =>
      state === 'permanent' && nodes.every(({ version }) => version === '3.0.0')
    await bed.seenInTime(isThere, [bed.connection, connection])
    await bed[Symbol.asyncDispose]()
    await connection.close()
  })

  it('A node that leaves while it joins is not registered afterwards', async () => {
    await using bed = await fleetOf(1)
    for (let n = 0; n < 20; n++) {
      const node = bed.join(`early${n}`)
      await turns(n)
      await node.member.leave()
      bed.nodes.pop()
      await node.rollout[Symbol.asyncDispose]()
      await node.aggregate.dispose()
    }
    await bed.connection.flush()
    const { nodes } = await bed.operator.status()
    expect(nodes.map(({ name }) => name)).toEqual(['n1'])
  })

  it.each([true, false])(
    'A version that is deployed again while a node moves to it ends the rollout: it is good: %s',
    async isGood => {
      await using bed = await fleetOf(1)
      bed.held.add('2.0.0')
      if (!isGood) bed.bad.add('2.0.0')
      await bed.operator.deploy('2.0.0', ALL)
      await bed.until(({ state }) => state === 'moving')
      const { epoch } = await bed.operator.deploy('2.0.0', { ...ALL, force: true })
      await bed.until(({ wanted }) => wanted?.epoch === epoch)
      bed.release()
      await bed.seen(({ state }) => state === (isGood ? 'permanent' : 'halted'))
    },
  )

  it('A node that cannot open the buckets tries again, and says why', async () => {
    const { connection, gate } = gated(await server.connect(), /^\$JS\.API\.STREAM\.INFO/)
    await using bed = await fleetOf(1)
    gate.fail = new Error('The disk is full.')
    const node = bed.rejoin(bed.node('n1'), { node: { connection } })
    const { reason } = await node.until(({ link }) => link === 'waiting')
    expect(reason).toBe('The disk is full.')
    expect(await node.aggregate.whenRunning()).toBe('1.0.0')
    gate.fail = undefined
    bed.clock.increment(1_000)
    await node.until(({ link }) => link === 'listening')
    await node.member.leave()
    await connection.close()
  })

  it('A live node that is forgotten registers again', async () => {
    await using bed = await fleetOf(1)
    await bed.operator.forget('n1')
    await bed.node('n1').until(({ link }) => link === 'waiting')
    bed.clock.increment(1_000)
    await bed.node('n1').until(({ link }) => link === 'listening')
    await bed.seen(({ nodes }) => nodes.length === 1)
  })

  it('A node that does not hear its own heartbeats does not judge', async () => {
    await using bed = await fleetOf(1)
    const node = bed.node('n1')
    expect(node.snapshot.link).toBe('judging')
    // Time passes, and no message does.
    for (let n = 0; n < 5; n++) bed.clock.increment(HEARTBEAT)
    expect(node.snapshot.link).toBe('listening')
    for (let n = 0; n < 20; n++) bed.clock.increment(HEARTBEAT)
    expect(node.snapshot.link).toBe('listening')
    await bed.connection.flush()
    await bed.listen()
    await node.until(({ link }) => link === 'judging')
  })

  it('Together these take every transition of both machines', () => {
    expect(coverages.flatMap(({ missing }) => missing)).toEqual([])
  })
})
