import { readdirSync } from 'node:fs'
import { SMALL } from '../contenders.js'
import { Lanes } from '../harness/lanes.js'
import { ProcessVersions } from '../harness/processVersions.js'
import type { Question, Row, Unit } from '../harness/question.js'
import { pairRow, valueRow } from '../harness/rounds.js'

/** One stretch of the run. */
interface Stretch {
  readonly rate: number
  /** Bytes, after a garbage collection. */
  readonly heap: number
  readonly rss: number
  readonly handles: number
  readonly descriptors: number
}

/** `seconds` of load, with a switch in each. */
async function stretch(versions: ProcessVersions, lanes: Lanes<unknown>, seconds: number): Promise<Stretch> {
  const [begin, answered] = [performance.now(), lanes.answered]
  for (let second = 1; second <= seconds; second++) {
    await (await versions.prepare())()
    await new Promise(resolve => setTimeout(resolve, begin + second * 1_000 - performance.now()))
  }
  const rate = ((lanes.answered - answered) / (performance.now() - begin)) * 1_000
  globalThis.gc?.()
  return {
    rate,
    heap: process.memoryUsage().heapUsed,
    rss: process.memoryUsage().rss,
    handles: process.getActiveResourcesInfo().length,
    descriptors: readdirSync('/proc/self/fd').length,
  }
}

function last(
  what: string,
  unit: Unit,
  stretches: readonly Stretch[],
  of: (stretch: Stretch) => number,
  goal: Row['goal'],
): Row {
  const pair = { ours: of(stretches.at(-1) as Stretch), theirs: of(stretches[0] as Stretch) }
  return pairRow(`${what} of the last minute`, 'the first minute', unit, pair, goal)
}

export const question: Question = {
  number: 9,
  title: 'Does a long run stay as it began: ten minutes of load, a switch a second, process hosts?',
  async run({ short }) {
    const [minutes, seconds] = short ? [3, 2] : [10, 60]
    await using versions = new ProcessVersions()
    await versions.start()
    const lanes = new Lanes(versions.aggregate, SMALL.make(), 64)
    await stretch(versions, lanes, short ? 1 : 20)
    const stretches: Stretch[] = []
    for (let minute = 0; minute < minutes; minute++) stretches.push(await stretch(versions, lanes, seconds))
    await lanes.stop()
    const flat = (atMost: number) => ({ of: 'ratio', atMost }) as const
    const none = { of: 'value', atMost: 0, exact: true } as const
    return [
      last('throughput', 'calls/s', stretches, ({ rate }) => rate, { of: 'ratio', atLeast: 0.97 }),
      last('heap', 'kB', stretches, ({ heap }) => heap / 1_000, flat(1.05)),
      last('memory (RSS)', 'kB', stretches, ({ rss }) => rss / 1_000, flat(1.1)),
      last('handles', '', stretches, ({ handles }) => handles, flat(1.1)),
      last('file descriptors', '', stretches, ({ descriptors }) => descriptors, flat(1.1)),
      valueRow('failed calls', '', lanes.failed, none),
      valueRow('lost calls', '', lanes.open, none),
    ]
  },
}
