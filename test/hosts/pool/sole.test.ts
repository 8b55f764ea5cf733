import { Aggregate, type Runtime } from 'cutover'
import { childProcess, inProcess, type Provisioner, pool, workerThread } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'
import { rejectionOf } from '../../fixtures/hosting.js'
import { guestFile } from '../../fixtures/remoteHost.js'
import { readAll, streamingModule } from '../../fixtures/streams.js'

const threads = workerThread({ module: guestFile('held') })
const one = (provisioner: Provisioner) => pool(provisioner, { size: 1 })

/** A runtime whose calls of `hold` are never answered. `held` resolves when it has so many of them. */
function holding(provisioner: Provisioner) {
  let count = 0
  let onHeld = () => {}
  const runtime = provisioner.provision<string, number>({
    id: 'held',
    version: '1.0.0',
    onHostRequest: request => {
      if (request !== 'hold') return undefined
      count++
      onHeld()
      return new Promise<void>(() => {})
    },
  })
  const held = (wanted: number) =>
    new Promise<void>(resolve => {
      onHeld = () => count >= wanted && resolve()
      onHeld()
    })
  return { runtime, held }
}

function aggregateOf(runtime: Runtime<string, number>): Aggregate<string, number> {
  const aggregate = new Aggregate<string, number>({ id: 'held' })
  aggregate.addVersion('1.0.0', runtime)
  aggregate.start()
  aggregate.setVersion('1.0.0').catch(() => {})
  return aggregate
}

describe.each([
  ['a pool', one(threads)],
  ['a pool in a pool', one(one(threads))],
])('The only instance of %s, whose calls the pool holds in no table of its own', (_, provisioner) => {
  it('rejects the calls that it loses, those of an aggregate and those that are made on the pool', async () => {
    const { runtime, held } = holding(provisioner)
    await using aggregate = aggregateOf(runtime)
    const lost = [aggregate.call('hold'), runtime.call('hold')]
    await held(2)
    const restarted = runtime.abort({ force: true })
    for (const call of lost) expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    await restarted
    expect(await Promise.all([aggregate.call('a'), runtime.call('b')])).toEqual([
      expect.any(Number),
      expect.any(Number),
    ])
    expect(aggregate.metrics().versions[0]).toMatchObject({ inFlight: 0 })
  })

  it('rejects what is in flight when the pool stops', async () => {
    const { runtime, held } = holding(provisioner)
    runtime.start()
    const call = runtime.call('hold')
    await held(1)
    const stopped = runtime.stop()
    expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    await stopped
  })
})

const QUICK = { module: streamingModule, minBackoff: 1, jitter: 0 }
const mortal = [workerThread(QUICK), childProcess(QUICK)]

async function streamingOf(provisioner: Provisioner): Promise<Aggregate> {
  const aggregate = new Aggregate({ id: 'streams' })
  aggregate.addVersion('1.0.0', one(provisioner).provision({ id: 'streams', version: '1.0.0' }))
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  return aggregate
}

const counted = (aggregate: Aggregate) => aggregate.metrics().versions[0]

describe.each([inProcess(QUICK), ...mortal])('A pool of one $name', provisioner => {
  it('carries streams, each in flight until it has ended', async () => {
    await using aggregate = await streamingOf(provisioner)
    // More chunks than the credit that a stream begins with.
    const answer = await aggregate.call({ op: 'count', to: 40 })
    expect(counted(aggregate)).toMatchObject({ inFlight: 1, answered: 0 })
    expect(await readAll(answer)).toHaveLength(40)
    expect(counted(aggregate)).toMatchObject({ inFlight: 0, answered: 1 })
  })
})

describe.each(mortal)('A pool of one $name that ends by itself', provisioner => {
  it('rejects its calls, fails its streams, and serves again', async () => {
    await using aggregate = await streamingOf(provisioner)
    const stream = (await aggregate.call({ op: 'count', to: 10, waitAt: 1 })) as ReadableStream<number>
    const reader = stream.getReader()
    expect(await reader.read()).toEqual({ done: false, value: 0 })
    const read = reader.read()
    const lost = [aggregate.call({ op: 'ends', count: 9 }), aggregate.call({ op: 'die' }), read]
    for (const call of lost) expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    expect(await aggregate.call({ op: 'plain', value: 'again' })).toBe('again')
    expect(counted(aggregate)).toMatchObject({ inFlight: 0, calls: 4, answered: 1, failed: 3 })
  })
})
