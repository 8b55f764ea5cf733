import type { Payload } from '../contenders.js'
import { contest, ofEachPayload, speedsInTurns, speedsOf } from '../contendersInTurns.js'
import { barePost, piscina, tinypool, workerHost, workerPool } from '../contendersWorker.js'
import type { Form, Goal, Question, Row } from '../harness/question.js'
import { median } from '../harness/rounds.js'

const OURS = 'the worker host'
const BARE = 'bare postMessage'
const POOLS = { Piscina: piscina, tinypool, workerpool: workerPool }
const NAMES = Object.keys(POOLS)
const GOALS = {
  rate: { of: 'ratio', atLeast: 2.5 },
  roundTrip: { of: 'ratio', atMost: 1 },
} as const satisfies Record<string, Goal>

/** Clones of what is large cost the same everywhere. */
function goalOf(speed: keyof typeof GOALS, { isLarge }: Payload): Goal | null {
  return speed === 'rate' && isLarge ? null : GOALS[speed]
}

async function compare(payload: Payload, { short }: Form): Promise<Row[]> {
  const contenders = { [OURS]: workerHost, ...POOLS, [BARE]: barePost }
  const rounds = await speedsInTurns(short ? 3 : 12, contenders, payload, short ? 0.3 : 1)
  return (['rate', 'roundTrip'] as const).flatMap(speed => {
    const medians = NAMES.map(name => median(speedsOf(rounds, name, speed)))
    const best = medians.indexOf(speed === 'rate' ? Math.max(...medians) : Math.min(...medians))
    return [...NAMES, BARE].map((name, index) =>
      contest(rounds, payload, speed, [OURS, name], index === best ? goalOf(speed, payload) : null),
    )
  })
}

export const question: Question = {
  number: 3,
  title: 'What does a call to a worker thread cost?',
  run: form => ofEachPayload(form, compare),
}
