import { Aggregate } from 'cutover'
import type { Provisioner } from 'cutover/hosts'
import { OpenLoad } from '../../harness/openLoad.js'
import { quantile } from '../../harness/quantile.js'
import type { Form, Row } from '../../harness/question.js'
import { median, noneRow, pairRow, valueRow } from '../../harness/rounds.js'
import type { Window } from '../../harness/window.js'
import { HOSTS, RATE } from './hosts.js'

/** ms: observed before and after each swap. */
const MARGIN = 10
/** Windows without a swap, before the first that counts. */
const WARM_UP = 50

/** Two running versions. */
class TwoVersions implements AsyncDisposable {
  readonly aggregate = new Aggregate<string, string>({ id: 'bench', drainTimeout: 0 })
  /** How often a version has started or stopped, since both ran. */
  restarts = 0

  static async running(provisioner: Provisioner): Promise<TwoVersions> {
    const two = new TwoVersions()
    const { aggregate } = two
    const versions = ['1.0.0', '2.0.0']
    const runtimes = versions.map(version => provisioner.provision<string, string>({ id: 'bench', version }))
    for (const [n, runtime] of runtimes.entries()) aggregate.addVersion(versions[n] ?? '', runtime)
    aggregate.start()
    await aggregate.setVersion('1.0.0', '2.0.0')
    await Promise.all(versions.map(version => aggregate.whenRunning({ version })))
    for (const runtime of runtimes) runtime.watchEvents().subscribe(() => two.restarts++)
    return two
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.aggregate.dispose()
  }
}

/** Swaps two versions again and again. Before or after each swap, observes the same load without one. */
async function swapping(name: string, provisioner: Provisioner, { short }: Form): Promise<Row[]> {
  await using two = await TwoVersions.running(provisioner)
  const { aggregate } = two
  const load = new OpenLoad(aggregate, 'who', RATE)
  const [swaps, quiet]: [Window[], Window[]] = [[], []]
  const rest = async () => quiet.push(await load.observe(MARGIN, async () => {}))
  const swap = async () => swaps.push(await load.observe(MARGIN, () => aggregate.swap()))
  for (let n = 0; n < WARM_UP; n++) await rest()
  quiet.length = 0
  for (let n = 0; n < (short ? 25 : 1_000); n++)
    for (const act of n % 2 === 0 ? [rest, swap] : [swap, rest]) await act()
  await load.stop()

  const [share, tail] = short ? [0.5, 'median'] : [0.99, 'p99']
  const gaps = (windows: readonly Window[]) => windows.map(window => window.longestGap)
  const slowest = (windows: readonly Window[]) => windows.map(({ latencies }) => Math.max(...latencies))
  const beside = (what: string, of: typeof gaps, at = share): Row => {
    const pair = { ours: quantile(of(swaps), at), theirs: quantile(of(quiet), at) }
    return pairRow(`${name}: ${what}`, 'no swap', 'ms', pair)
  }
  const medians = short ? [] : [beside(`slowest call in the ${MARGIN} ms around a swap, median`, slowest, 0.5)]
  const longer = quantile(gaps(swaps), share) - quantile(gaps(quiet), share)
  return [
    valueRow(`${name}: answered during the swaps`, 'calls/s', load.rate),
    beside(`longest gap between two answers around a swap, ${tail}`, gaps),
    valueRow(`${name}: longest gap longer than without a swap, ${tail}`, 'ms', longer, {
      of: 'value',
      atMost: short ? 10 : 1,
    }),
    ...medians,
    beside(`slowest call in the ${MARGIN} ms around a swap, ${tail}`, slowest),
    noneRow(`${name}: failed calls`, load.failed),
    noneRow(`${name}: lost calls`, load.inFlight),
    noneRow(`${name}: versions started or stopped`, two.restarts),
  ]
}

/** Swaps while a call hangs, which a switch would wait for. */
async function firstAnswer(name: string, provisioner: Provisioner, { short }: Form): Promise<Row> {
  await using two = await TwoVersions.running(provisioner)
  const { aggregate } = two
  for (let n = 0; n < 100; n++) await aggregate.call('who')
  const times: number[] = []
  for (let n = 0; n < (short ? 5 : 21); n++) {
    aggregate.call('hang').catch(() => {})
    const begin = performance.now()
    const { active } = await aggregate.swap()
    if ((await aggregate.call('who')) !== active) throw new Error('An old version answered after the swap.')
    times.push(performance.now() - begin)
  }
  const what = `${name}: from a swap to the first answer of the new version, while a call hangs, median`
  return valueRow(what, 'ms', median(times), { of: 'value', atMost: 5 })
}

export async function swapRows(form: Form): Promise<Row[]> {
  const rows: Row[] = []
  for (const { name, provisioner } of HOSTS) {
    rows.push(...(await swapping(name, provisioner, form)), await firstAnswer(name, provisioner, form))
  }
  return rows
}
