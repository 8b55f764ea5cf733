import type { AggregateOptions } from 'cutover'
import { ContinuousLoad } from '../harness/continuousLoad.js'
import { ProcessVersions } from '../harness/processVersions.js'
import { quantile } from '../harness/quantile.js'
import type { Question, Row } from '../harness/question.js'
import { RestartedByHand } from '../harness/restartedByHand.js'
import { median, noneRow, pairRow, valueRow } from '../harness/rounds.js'
import { NEAR, type Window } from '../harness/window.js'
import { SMALL } from '../payloads.js'

const AT_ONCE = 64
/** ms: observed before and after each switch. */
const MARGIN = 20

/** The quantile to report. A handful of switches has no tail. */
interface Tail {
  readonly name: 'p99' | 'median'
  readonly share: number
  /** How much longer a gap may be, in ms. After a handful of switches only a collapse is certain. */
  readonly atMost: { readonly overlap: number; readonly sequential: number; readonly swap: number }
}

const MANY: Tail = { name: 'p99', share: 0.99, atMost: { overlap: 1, sequential: 2, swap: 1 } }
const FEW: Tail = { name: 'median', share: 0.5, atMost: { overlap: 10, sequential: 10, swap: 10 } }

interface Observed {
  readonly switches: readonly Window[]
  /** The same load without a switch. */
  readonly quiet: readonly Window[]
  /** The time that each old version took to stop, in ms. */
  readonly stops: readonly number[]
  readonly failed: number
  readonly lost: number
}

async function underLoad(handover: NonNullable<AggregateOptions['handover']>, count: number): Promise<Observed> {
  await using versions = new ProcessVersions({ handover })
  await versions.start()
  const load = new ContinuousLoad(versions.aggregate, SMALL.make(), AT_ONCE)
  const [switches, quiet, stops]: [Window[], Window[], number[]] = [[], [], []]
  for (let n = 0; n < count; n++) {
    const move = await versions.prepare()
    // First as long as the last switch took, then a switch; both with two processes up.
    const last = switches.at(-1)?.duration ?? 0
    quiet.push(await load.observe(MARGIN, () => new Promise(resolve => setTimeout(resolve, last))))
    const moveTimed = async () => stops.push(await versions.timeStop(move))
    switches.push(await load.observe(MARGIN, moveTimed))
  }
  await load.stop()
  return { switches, quiet, stops, failed: load.failed, lost: load.inFlight }
}

/** Two processes that change places again and again. */
async function swapping(count: number): Promise<Omit<Observed, 'stops'> & { readonly restarts: number }> {
  await using versions = new ProcessVersions()
  await versions.start()
  await versions.prepare()
  const before = versions.restarts
  const load = new ContinuousLoad(versions.aggregate, SMALL.make(), AT_ONCE)
  const [switches, quiet]: [Window[], Window[]] = [[], []]
  for (let n = 0; n < count; n++) {
    quiet.push(await load.observe(MARGIN, async () => {}))
    switches.push(await load.observe(MARGIN, () => versions.aggregate.swap()))
  }
  await load.stop()
  return { switches, quiet, failed: load.failed, lost: load.inFlight, restarts: versions.restarts - before }
}

async function byHand(count: number) {
  const restarted = new RestartedByHand()
  await restarted.start()
  const load = new ContinuousLoad(restarted, SMALL.make(), AT_ONCE)
  const gaps: number[] = []
  for (let n = 0; n < count; n++) {
    const restart = async () => {
      await restarted.stop()
      await restarted.start()
    }
    gaps.push((await load.observe(MARGIN, restart)).longestGap)
  }
  await load.stop()
  await restarted.stop()
  return { gaps, failedPerSwitch: load.failed / count }
}

type How = keyof Tail['atMost']

function rowsOf(how: How, observed: Omit<Observed, 'stops'>, tail: Tail, stops: readonly number[] = []): Row[] {
  const { switches, quiet, failed, lost } = observed
  const gaps = (windows: readonly Window[]) => windows.map(window => window.longestGap)
  const latencies = (windows: readonly Window[]) => windows.flatMap(({ latencies }) => latencies)
  const beside = (what: string, share: number, of: (windows: readonly Window[]) => number[]): Row => {
    const pair = { ours: quantile(of(switches), share), theirs: quantile(of(quiet), share) }
    return pairRow(`${how}: ${what}`, 'no switch', 'ms', pair)
  }
  const beyondStop = gaps(switches).map((gap, n) => gap - (stops[n] ?? 0))
  const [longer, value] =
    how === 'sequential'
      ? ['beyond the old version’s stop time', quantile(beyondStop, tail.share)]
      : ['longer than without a switch', quantile(gaps(switches), tail.share) - quantile(gaps(quiet), tail.share)]
  const medians = tail.share === 0.5 ? [] : [beside('longest gap between two answers, median', 0.5, gaps)]
  return [
    ...medians,
    beside(`longest gap between two answers, ${tail.name}`, tail.share, gaps),
    valueRow(`${how}: longest gap ${longer}, ${tail.name}`, 'ms', value, {
      of: 'value',
      atMost: tail.atMost[how],
    }),
    beside(`calls issued in the ${NEAR} ms around it, ${tail.name}`, tail.share, latencies),
    noneRow(`${how}: failed calls`, failed),
    noneRow(`${how}: lost calls`, lost),
  ]
}

export const question: Question = {
  number: 4,
  title: 'How long is the pause at a switch, with process hosts and 64 calls at once?',
  async run({ short }) {
    const count = short ? 5 : 1_000
    const tail: Tail = short ? FEW : MANY
    const overlap = await underLoad('overlap', count)
    const sequential = await underLoad('sequential', count)
    const swaps = await swapping(short ? 25 : count)
    const hand = await byHand(short ? 3 : 100)
    return [
      ...rowsOf('overlap', overlap, tail),
      ...rowsOf('sequential', sequential, tail, sequential.stops),
      ...rowsOf('swap', swaps, tail),
      noneRow('swap: processes started or stopped', swaps.restarts),
      valueRow('sequential: the old version’s stop time, median', 'ms', median(sequential.stops)),
      valueRow('killed and restarted by hand: longest gap, median', 'ms', median(hand.gaps)),
      valueRow('killed and restarted by hand: failed calls per switch', '', hand.failedPerSwitch),
    ]
  },
}
