import { comparisonRow, forEachPayload, measureRounds } from '../contenderSpeeds.js'
import type { Start } from '../contenders.js'
import type { Form, Goal, Question, Row } from '../harness/question.js'
import { BYTES_256K, type Payload } from '../payloads.js'
import { bareSocket, forked, processHost } from '../processContenders.js'

interface Baseline {
  readonly name: string
  readonly start: Start
  readonly rate: Goal
  readonly roundTrip: Goal | null
  /** JSON cannot carry bytes. */
  readonly takesBytes: boolean
}

const OURS = 'the process host'
const atLeast = (limit: number): Goal => ({ of: 'ratio', atLeast: limit })
/** Large payloads have no goal above 1 ×: copying memory decides there. */
const goalFor = (goal: Goal | null, { isLarge }: Payload) => (isLarge && (goal?.atLeast ?? 0) > 1 ? null : goal)
const BASELINES: readonly Baseline[] = [
  { name: 'fork and send, json', start: forked('json'), rate: atLeast(1), roundTrip: null, takesBytes: false },
  { name: 'fork and send, advanced', start: forked('advanced'), rate: atLeast(3), roundTrip: null, takesBytes: true },
  {
    name: 'bare socket with the same codec',
    start: bareSocket,
    rate: atLeast(0.9),
    roundTrip: { of: 'ratio', atMost: 1.1 },
    takesBytes: true,
  },
]

async function compare(payload: Payload, { short }: Form): Promise<Row[]> {
  const baselines = BASELINES.filter(({ takesBytes }) => takesBytes || payload !== BYTES_256K)
  const contenders = { [OURS]: processHost, ...Object.fromEntries(baselines.map(({ name, start }) => [name, start])) }
  const rounds = await measureRounds(short ? 3 : 12, contenders, payload, short ? 0.3 : 1)
  return (['rate', 'roundTrip'] as const).flatMap(speed =>
    baselines.map(it => comparisonRow(rounds, payload, speed, [OURS, it.name], goalFor(it[speed], payload))),
  )
}

export const question: Question = {
  number: 2,
  title: 'What does a call to another process cost?',
  run: form => forEachPayload(form, compare),
}
