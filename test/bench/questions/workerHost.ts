import { comparisonRow, forEachPayload, measureRounds, speedsOf } from '../contenderSpeeds.js'
import type { Form, Goal, Question, Row } from '../harness/question.js'
import { median } from '../harness/rounds.js'
import type { Payload } from '../payloads.js'
import { barePost, piscina, tinypool, workerHost, workerPool } from '../workerContenders.js'

const OURS = 'the worker host'
const BARE = 'bare postMessage'
const POOLS = { Piscina: piscina, tinypool, workerpool: workerPool }
const NAMES = Object.keys(POOLS)
const GOALS = {
  rate: { of: 'ratio', atLeast: 2.5 },
  roundTrip: { of: 'ratio', atMost: 1 },
} as const satisfies Record<string, Goal>

/** A clone of a large payload costs the same everywhere, so its throughput has no goal. */
function goalOf(speed: keyof typeof GOALS, { isLarge }: Payload): Goal | null {
  return speed === 'rate' && isLarge ? null : GOALS[speed]
}

async function compare(payload: Payload, { short }: Form): Promise<Row[]> {
  const contenders = { [OURS]: workerHost, ...POOLS, [BARE]: barePost }
  const rounds = await measureRounds(short ? 3 : 12, contenders, payload, short ? 0.3 : 1)
  return (['rate', 'roundTrip'] as const).flatMap(speed => {
    const medians = NAMES.map(name => median(speedsOf(rounds, name, speed)))
    const best = medians.indexOf(speed === 'rate' ? Math.max(...medians) : Math.min(...medians))
    return [...NAMES, BARE].map((name, index) =>
      comparisonRow(rounds, payload, speed, [OURS, name], index === best ? goalOf(speed, payload) : null),
    )
  })
}

export const question: Question = {
  number: 3,
  title: 'What does a call to a worker thread cost?',
  run: form => forEachPayload(form, compare),
}
