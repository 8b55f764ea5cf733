import { createHash } from 'node:crypto'
import { Aggregate, streamed } from 'cutover'
import { childProcess, type PoolOptions, pool } from 'cutover/hosts'
import { afterEach, describe, expect, it } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'
import { blocks, streamingModule as module } from '../fixtures/streams.js'

const open: Aggregate<unknown, unknown>[] = []
afterEach(async () => {
  for (const aggregate of open.splice(0)) await aggregate.dispose()
})

async function serve(options: PoolOptions = {}) {
  const pools = pool(childProcess({ module }), { size: 2, concurrentStarts: 2, ...options })
  const aggregate = new Aggregate<unknown, unknown>({ id: 'streams', handover: 'overlap', drainTimeout: 60_000 })
  open.push(aggregate)
  const add = (version: string) => aggregate.addVersion(version, pools.provision({ id: 'streams', version }))
  add('1.0.0')
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  await aggregate.whenRunning()
  const metrics = () => aggregate.metrics().versions.find(({ version }) => version === '1.0.0')
  const count = (to: number, more = {}) =>
    aggregate.call({ op: 'count', to, size: 50_000, ...more }) as Promise<ReadableStream<Uint8Array>>
  return { aggregate, add, metrics, count }
}

async function hashOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

describe('streams through a pool of two processes', () => {
  it('arrive whole, both ways, and are in flight until they have ended', async () => {
    const { aggregate, metrics, count } = await serve()
    const expected = await hashOf(blocks(40, 50_000))
    const down = async () => hashOf(await count(40))
    const up = async () =>
      ((await aggregate.call(streamed(blocks(40, 50_000), { op: 'hash' }))) as { digest: string }).digest
    const digests = await Promise.all(Array.from({ length: 8 }, () => [down(), up()]).flat())
    expect(new Set(digests)).toEqual(new Set([expected]))
    expect(metrics()).toMatchObject({ answered: 16, failed: 0, inFlight: 0 })
  })

  it('go to one instance, also if the option broadcast says yes', async () => {
    const { aggregate } = await serve({ broadcast: () => true })
    const expected = await hashOf(blocks(4, 50_000))
    expect(await aggregate.call(streamed(blocks(4, 50_000), { op: 'hash' }))).toMatchObject({ digest: expected })
  })

  it('keep their place in it until they have ended', async () => {
    const { aggregate, metrics, count } = await serve({ concurrency: 1 })
    const bodies = [await count(9, { waitAt: 1 }), await count(9, { waitAt: 1 })]
    const waiting = aggregate.call({ op: 'plain', value: 'at last' })
    expect(metrics()).toMatchObject({ inFlight: 3 })
    await bodies[1]?.cancel()
    expect(await waiting).toBe('at last')
    await bodies[0]?.cancel()
    expect(metrics()).toMatchObject({ answered: 1, givenUp: 2, inFlight: 0 })
  })

  it('fail with an instance that dies, and those of the other go on', async () => {
    const { aggregate, metrics, count } = await serve()
    const endless = { waitAt: 1 }
    const readers = (await Promise.all([count(9, endless), count(9, endless)])).map(body => body.getReader())
    for (const reader of readers) await reader.read()
    const [first, second] = readers.map(reader => reader.read())
    expect(await rejectionOf(aggregate.call({ op: 'die' }))).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    const lost = await Promise.race([first, second].map((read, i) => read?.catch(error => ({ i, code: error.code }))))
    expect(lost).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    const { i } = lost as unknown as { readonly i: number }
    expect(metrics()).toMatchObject({ failures: { CUTOVER_RUNTIME_LOST: 2 }, inFlight: 1 })
    await readers[1 - i]?.cancel()
    expect(metrics()).toMatchObject({ givenUp: 1, inFlight: 0 })
    expect(await hashOf(await count(3))).toBe(await hashOf(blocks(3, 50_000)))
  })

  it('end on the version that they began on, when another takes over', async () => {
    const { aggregate, add, metrics } = await serve()
    add('2.0.0')
    await aggregate.setVersion('1.0.0', '2.0.0')
    await aggregate.whenRunning({ version: '2.0.0' })
    const answers = Array.from({ length: 8 }, () =>
      aggregate.call({ op: 'count', to: 40, size: 50_000, title: 'version' }),
    ) as Promise<{ readonly head: string; readonly body: ReadableStream<Uint8Array> }>[]
    const heads = (await Promise.all(answers)).map(({ head }) => head)
    const switched = aggregate.setVersion('2.0.0')
    const expected = await hashOf(blocks(40, 50_000))
    for (const answer of answers) expect(await hashOf((await answer).body)).toBe(expected)
    await switched
    expect(new Set(heads)).toEqual(new Set(['1.0.0']))
    expect(metrics()).toMatchObject({ answered: 8, failed: 0, cutOff: 0, inFlight: 0 })
  })
})
