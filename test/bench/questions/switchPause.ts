import type { AggregateOptions } from 'cutover'
import { SMALL } from '../contenders.js'
import { Lanes, type Window } from '../harness/lanes.js'
import { ProcessVersions } from '../harness/processVersions.js'
import { quantile } from '../harness/quantile.js'
import type { Question, Row } from '../harness/question.js'
import { RestartedByHand } from '../harness/restartedByHand.js'
import { median, pairRow, valueRow } from '../harness/rounds.js'

const AT_ONCE = 64
/** ms: how much of what comes before and after is looked at. */
const MARGIN = 20
/** ms: calls issued so long before or after a switch are those around it. */
const AROUND = 10

/** A handful of switches has no tail to look at. */
interface Tail {
  readonly name: 'p99' | 'median'
  readonly share: number
  /** How much longer a gap may be, in ms; after a handful of switches only a collapse is certain. */
  readonly atMost: { readonly overlap: number; readonly sequential: number }
}

const MANY: Tail = { name: 'p99', share: 0.99, atMost: { overlap: 1, sequential: 2 } }
const FEW: Tail = { name: 'median', share: 0.5, atMost: { overlap: 10, sequential: 10 } }

interface Switched {
  readonly switches: readonly Window[]
  /** The same load, between two switches. */
  readonly quiet: readonly Window[]
  /** How long each old version took to stop, in ms. */
  readonly stops: readonly number[]
  readonly failed: number
  readonly lost: number
}

async function underLoad(handover: NonNullable<AggregateOptions['handover']>, count: number): Promise<Switched> {
  await using versions = new ProcessVersions({ handover })
  await versions.start()
  const lanes = new Lanes(versions.aggregate, SMALL.make(), AT_ONCE)
  const [switches, quiet, stops]: [Window[], Window[], number[]] = [[], [], []]
  for (let n = 0; n < count; n++) {
    const move = await versions.prepare()
    // As long as a switch takes, and then a switch: both with two processes up, in turns.
    const last = switches.at(-1)?.duration ?? 0
    quiet.push(await lanes.watch(MARGIN, () => new Promise(resolve => setTimeout(resolve, last))))
    const moveTimed = async () => stops.push(await versions.timeStop(move))
    switches.push(await lanes.watch(MARGIN, moveTimed))
  }
  await lanes.stop()
  return { switches, quiet, stops, failed: lanes.failed, lost: lanes.open }
}

async function byHand(count: number) {
  const subject = new RestartedByHand()
  await subject.start()
  const lanes = new Lanes(subject, SMALL.make(), AT_ONCE)
  const gaps: number[] = []
  for (let n = 0; n < count; n++) {
    const restart = async () => {
      await subject.stop()
      await subject.start()
    }
    gaps.push((await lanes.watch(MARGIN, restart)).longestGap)
  }
  await lanes.stop()
  await subject.stop()
  return { gaps, failedPerSwitch: lanes.failed / count }
}

function rowsOf(handover: 'overlap' | 'sequential', switched: Switched, tail: Tail): Row[] {
  const { switches, quiet, stops, failed, lost } = switched
  const gaps = (windows: readonly Window[]) => windows.map(window => window.longestGap)
  const latencies = (windows: readonly Window[]) => windows.flatMap(window => window.latencies(AROUND))
  const beside = (what: string, share: number, of: (windows: readonly Window[]) => number[]): Row => {
    const pair = { ours: quantile(of(switches), share), theirs: quantile(of(quiet), share) }
    return pairRow(`${handover}: ${what}`, 'no switch', 'ms', pair)
  }
  const none = (what: string, value: number) =>
    valueRow(`${handover}: ${what}`, '', value, { of: 'value', atMost: 0, exact: true })
  const beyondStop = gaps(switches).map((gap, n) => gap - (stops[n] ?? 0))
  const [longer, value] =
    handover === 'overlap'
      ? ['longer than without a switch', quantile(gaps(switches), tail.share) - quantile(gaps(quiet), tail.share)]
      : ['beyond the old version’s stop time', quantile(beyondStop, tail.share)]
  const medians = tail.share === 0.5 ? [] : [beside('longest gap between two answers, median', 0.5, gaps)]
  return [
    ...medians,
    beside(`longest gap between two answers, ${tail.name}`, tail.share, gaps),
    valueRow(`${handover}: longest gap ${longer}, ${tail.name}`, 'ms', value, {
      of: 'value',
      atMost: tail.atMost[handover],
    }),
    beside(`calls issued in the 10 ms around it, ${tail.name}`, tail.share, latencies),
    none('failed calls', failed),
    none('lost calls', lost),
  ]
}

export const question: Question = {
  number: 4,
  title: 'How long is the pause at a switch, with 64 calls at once and process hosts?',
  async run({ short }) {
    const count = short ? 5 : 1_000
    const tail: Tail = short ? FEW : MANY
    const overlap = await underLoad('overlap', count)
    const sequential = await underLoad('sequential', count)
    const hand = await byHand(short ? 3 : 100)
    return [
      ...rowsOf('overlap', overlap, tail),
      ...rowsOf('sequential', sequential, tail),
      valueRow('sequential: the old version’s stop time, median', 'ms', median(sequential.stops)),
      valueRow('killed and restarted by hand: longest gap, median', 'ms', median(hand.gaps)),
      valueRow('killed and restarted by hand: failed calls per switch', '', hand.failedPerSwitch),
    ]
  },
}
