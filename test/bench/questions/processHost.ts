import { BYTES_256K, type Payload, type Start } from '../contenders.js'
import { contest, ofEachPayload, speedsInTurns } from '../contendersInTurns.js'
import { bareSocket, forked, processHost } from '../contendersProcess.js'
import type { Form, Goal, Question, Row } from '../harness/question.js'

interface Rival {
  readonly name: string
  readonly start: Start
  readonly rate: Goal
  readonly roundTrip: Goal | null
  /** JSON has no bytes. */
  readonly takesBytes: boolean
}

const OURS = 'the process host'
const atLeast = (limit: number): Goal => ({ of: 'ratio', atLeast: limit })
/** `goal` of what is small enough for it. */
const ofSmall = (goal: Goal | null, { isLarge }: Payload) => (isLarge && (goal?.atLeast ?? 0) > 1 ? null : goal)
const RIVALS: readonly Rival[] = [
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
  const rivals = RIVALS.filter(({ takesBytes }) => takesBytes || payload !== BYTES_256K)
  const contenders = { [OURS]: processHost, ...Object.fromEntries(rivals.map(({ name, start }) => [name, start])) }
  const rounds = await speedsInTurns(short ? 3 : 12, contenders, payload, short ? 0.3 : 1)
  return (['rate', 'roundTrip'] as const).flatMap(speed =>
    rivals.map(rival => contest(rounds, payload, speed, [OURS, rival.name], ofSmall(rival[speed], payload))),
  )
}

export const question: Question = {
  number: 2,
  title: 'What does a call to another process cost?',
  run: form => ofEachPayload(form, compare),
}
