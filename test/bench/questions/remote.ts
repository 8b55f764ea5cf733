import { comparisonRow, measureRounds } from '../contenderSpeeds.js'
import type { Form, Goal, Question, Row } from '../harness/question.js'
import { bareRequest, remoteHost, startNats } from '../natsContenders.js'
import { type Payload, SMALL, TEXT_4K } from '../payloads.js'

const [OURS, BARE] = ['a remote version', 'request() of NATS with the same codec']
/** At least 0.9 × the calls, so at most 1 / 0.9 × the time of one. */
const GOALS = {
  rate: { of: 'ratio', atLeast: 0.9 },
  roundTrip: { of: 'ratio', atMost: 1.11 },
} as const satisfies Record<string, Goal>
/** Each message passes through another process, so fewer of them make a measurement. */
const FEWER = { warmUp: 4_000, many: 4_000, single: 800 } as const

async function compare(url: string, payload: Payload, { short }: Form): Promise<Row[]> {
  const contenders = { [OURS]: remoteHost(url), [BARE]: bareRequest(url) }
  const rounds = await measureRounds(short ? 3 : 6, contenders, { ...payload, ...FEWER }, short ? 0.3 : 1)
  return (['rate', 'roundTrip'] as const).map(speed =>
    comparisonRow(rounds, payload, speed, [OURS, BARE], GOALS[speed]),
  )
}

export const question: Question = {
  number: 15,
  title: 'What does a call to a remote version cost?',
  async run(form) {
    await using nats = await startNats()
    if (nats === undefined) {
      console.error('Question 15 is skipped. It needs nats-server: apt install nats-server')
      return []
    }
    const rows: Row[] = []
    for (const payload of form.short ? [SMALL] : [SMALL, TEXT_4K])
      rows.push(...(await compare(nats.url, payload, form)))
    return rows
  },
}
