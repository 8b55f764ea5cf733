import { Aggregate } from 'cutover'
import { childProcess, inProcess, type Provisioner } from 'cutover/hosts'
import { afterEach, describe, expect, it } from 'vitest'

const HOSTS: readonly { readonly name: string; readonly provisioner: Provisioner }[] = [
  {
    name: 'in-process',
    provisioner: inProcess({
      module: ({ version }) => ({
        call: request => new Promise(resolve => request !== 'hang' && setImmediate(resolve, version)),
      }),
    }),
  },
  {
    name: 'processes',
    provisioner: childProcess({ module: new URL('../fixtures/guests/tellsVersion.mjs', import.meta.url) }),
  },
]
const VERSIONS = ['1.0.0', '2.0.0'] as const
const SWAPS = 1_000
/** Calls at once. */
const LANES = 64

/** How long `act` takes, in the middle of 21 times. */
async function medianTime(act: () => Promise<unknown>, before = () => {}): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 21; i++) {
    before()
    const begun = performance.now()
    await act()
    times.push(performance.now() - begun)
  }
  return times.sort((a, b) => a - b)[10] ?? 0
}

describe.each(HOSTS)('Two versions in $name', ({ provisioner }) => {
  let aggregate: Aggregate<string, string>
  afterEach(() => aggregate.dispose())

  /** 1.0.0 serves and 2.0.0 runs as next. @returns what their hosts have said since */
  async function serve(): Promise<string[]> {
    aggregate = new Aggregate({ id: 'swapping', drainTimeout: 0, waitTimeout: 0 })
    const runtimes = VERSIONS.map(version => provisioner.provision<string, string>({ id: 'swapping', version }))
    VERSIONS.forEach((version, i) => {
      aggregate.addVersion(version, runtimes[i] as (typeof runtimes)[number])
    })
    aggregate.start()
    await aggregate.setVersion(...VERSIONS)
    await Promise.all(VERSIONS.map(version => aggregate.whenRunning({ version })))
    const said: string[] = []
    for (const runtime of runtimes) runtime.watchEvents().subscribe(({ type }) => said.push(type))
    return said
  }

  it('S23: 1,000 swaps under load lose no call, fail none, start and stop nothing', async () => {
    const said = await serve()
    const answers = new Map<string, number>()
    let isOver = false
    let made = 0
    const lane = async () => {
      while (!isOver) {
        made++
        const version = await aggregate.call('who')
        answers.set(version, (answers.get(version) ?? 0) + 1)
      }
    }
    const load = Array.from({ length: LANES }, lane)
    for (let i = 1; i <= SWAPS; i++) {
      const { active } = await aggregate.swap()
      expect(active).toBe(VERSIONS[i % 2])
      expect(aggregate.status().waiting).toBe(0)
      expect(await aggregate.call('who')).toBe(active)
    }
    isOver = true
    await Promise.all(load)
    expect([...answers.values()].reduce((a, b) => a + b)).toBe(made)
    expect([...answers.keys()].sort()).toEqual(VERSIONS)
    expect(said).toEqual([])
  })

  it('S24: while a call hangs, the first answer of the new version comes within 5 ms of a swap', {
    retry: 2,
  }, async () => {
    await serve()
    for (let i = 0; i < 100; i++) await aggregate.call('who')
    const hang = () => void aggregate.call('hang').catch(() => {})
    const usual = await medianTime(() => aggregate.call('who'))
    const first = await medianTime(async () => {
      const { active } = await aggregate.swap()
      expect(await aggregate.call('who')).toBe(active)
    }, hang)
    // On a machine whose usual answer takes more than half a millisecond: within ten of these.
    expect(first).toBeLessThan(Math.max(5, 10 * usual))
    expect(aggregate.status().inFlight).toBe(21)
  })
})
