import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { Aggregate, streamed } from 'cutover'
import { childProcess, inProcess, type Provisioner, workerThread } from 'cutover/hosts'
import { expect, it } from 'vitest'
import { randomFrom } from '../fixtures/randomFrom.js'
import { blocks, streamingModule as module } from '../fixtures/streams.js'

/** `SWITCHES=1000` for the long form. */
const SWITCHES = Number(process.env['SWITCHES'] ?? 24)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

async function hashOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

/** Switches while streams flow both ways, and counts those that are not as they were sent. */
async function switchUnderStreams(host: Provisioner, switches: number, handover: 'sequential' | 'overlap') {
  const random = randomFrom(SEED)
  const aggregate = new Aggregate({ id: 'streams', handover, drainTimeout: 60_000 })
  const add = (version: string) => aggregate.addVersion(version, host.provision({ id: 'streams', version }))
  add('1.0.0')
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  let [broken, mixed] = [0, 0]
  const upload = async () => {
    const [to, size] = [1 + Math.floor(random() * 20), 1 + Math.floor(random() * 100_000)]
    const answer = (await aggregate.call(streamed(blocks(to, size), { op: 'hash' }))) as { digest: string }
    if (answer.digest !== (await hashOf(blocks(to, size)))) broken++
  }
  const download = async () => {
    const [to, size] = [1 + Math.floor(random() * 20), 1 + Math.floor(random() * 100_000)]
    const versions: string[] = []
    const options = { onVersion: (version: string) => void versions.push(version) }
    const answer = await aggregate.call({ op: 'count', to, size, title: 'version' }, options)
    const { head, body } = answer as { head: string; body: ReadableStream<Uint8Array> }
    if ((await hashOf(body)) !== (await hashOf(blocks(to, size)))) broken++
    if (head !== versions[0] || versions.length > 1) mixed++
  }
  let [streams, failed] = [0, 0]
  // After each switch, because metrics keep the last 16 versions that left. One that got no stream has no metrics then.
  const count = (version: string) => {
    const counts = aggregate.metrics().versions.find(each => each.version === version)
    if (counts === undefined) return
    streams += counts.answered
    failed += counts.failed + counts.cutOff + counts.givenUp
  }
  let underWay: Promise<unknown> = Promise.resolve()
  for (let i = 1; i <= switches; i++) {
    const [from, to] = [`1.0.${i - 1}`, `1.0.${i}`]
    add(to)
    await aggregate.setVersion(from, to)
    await aggregate.whenRunning({ version: to })
    // Those that a switch finds may go on beyond it, and a switch finds those of the one before, too.
    const streams = [upload(), download(), upload(), download()]
    if (i % 2 === 0) streams.push(setImmediate().then(upload), setImmediate().then(download))
    const before = underWay
    underWay = Promise.all(streams)
    await Promise.all([aggregate.setVersion(to), before])
    count(from)
  }
  await underWay
  count(`1.0.${switches}`)
  await aggregate.dispose()
  return { streams, broken, mixed, failed }
}

it.each([
  ['in-process', inProcess({ module }), 'sequential'],
  ['worker-thread', workerThread({ module }), 'overlap'],
  ['child-process', childProcess({ module }), 'overlap'],
] as const)(
  `S17: switches with streams under way break none, %s (seed ${SEED})`,
  { timeout: 1_200_000 },
  async (name, host, handover) => {
    const switches = Math.ceil(SWITCHES / 3)
    const { streams, ...bad } = await switchUnderStreams(host, switches, handover)
    console.info(`${name}: ${switches} switches, ${streams} streams`)
    expect(bad).toEqual({ broken: 0, mixed: 0, failed: 0 })
    expect(streams).toBeGreaterThan(switches)
  },
)
