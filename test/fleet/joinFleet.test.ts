import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noNatsServer } from '../fixtures/installed.js'
import { FleetBed } from './fleetBed.js'
import { NatsServer } from './natsServer.js'

const WAVES = [{ percent: 1 }, { percent: 50 }, { percent: 100 }]

describe.skipIf(noNatsServer !== undefined)(`A fleet of five nodes ${noNatsServer ?? ''}`, () => {
  let server: NatsServer
  beforeAll(async () => {
    server = await NatsServer.start()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('A good version goes from wave to wave, to all nodes', async () => {
    await using bed = await FleetBed.open(server, 'good', 5)
    const record = await bed.operator.deploy('2.0.0', { waves: WAVES })
    expect(record).toMatchObject({ version: '2.0.0', previous: '1.0.0', wave: 0, reason: null })
    await bed.until(({ wanted, version }) => wanted?.wave === 3 && version === '2.0.0')
    const { nodes } = await bed.seen(({ state }) => state === 'permanent')
    expect(nodes.map(node => node.wave)).toEqual([0, 1, 1, 2, 2])
    expect(nodes.every(node => node.state === 'proven' && node.alive === true)).toBe(true)
    const waves = (await bed.operator.history()).map(({ wanted }) => wanted?.wave)
    expect(waves).toEqual([0, 1, 2, 3])
  })

  it('A bad version stops at its first wave, and no other node has tried it', async () => {
    await using bed = await FleetBed.open(server, 'bad', 5)
    bed.bad.add('2.0.0')
    await bed.operator.deploy('2.0.0', { waves: WAVES })
    const { wanted, nodes } = await bed.seen(({ state }) => state === 'halted')
    expect(wanted).toMatchObject({ version: '1.0.0', previous: '2.0.0', wave: 0, epoch: 2 })
    expect(wanted?.reason).toMatch(/^Version 2\.0\.0 failed in wave 1 of 3: n\d: .*2\.0\.0 is bad\.$/)
    expect(nodes.map(node => [node.wave, node.state])).toEqual([
      [0, 'failed'],
      ...[1, 1, 2, 2].map(wave => [wave, 'settled']),
    ])
    const tried = bed.nodes.filter(({ provisioned }) => provisioned.some(it => it.getActiveVersion() === '2.0.0'))
    expect(tried.map(({ name }) => name)).toEqual([nodes[0]?.name])
  })

  it('Nodes that have proved a version go back when it fails in a later wave', async () => {
    await using bed = await FleetBed.open(server, 'late', 5)
    const last = bed.inOrder('2.0.0').at(-1)
    bed.bad.add(`2.0.0 on ${last}`)
    await bed.operator.deploy('2.0.0', { waves: WAVES })
    const { wanted } = await bed.seen(
      ({ state, nodes }) => state === 'halted' && nodes.every(({ version }) => version === '1.0.0'),
    )
    expect(wanted?.reason).toContain(`in wave 3 of 3: ${last}: `)
    await bed.until(({ version, state }) => version === '1.0.0' && state !== 'moving')
  })
})
