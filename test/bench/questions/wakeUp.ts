import { setTimeout as delay } from 'node:timers/promises'
import { Aggregate } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import type { Question } from '../harness/question.js'
import { type Pair, rowOf } from '../harness/rounds.js'

/** The backoff of the Go reference: half a second, then 1.5 times as long each time. */
const BACKOFF = { first: 500, factor: 1.5 }
/** A version becomes active at a random moment within so many ms after the call. */
const WITHIN = 3_000

/** Records when it started, which is when it became active, and when the first call reached it. */
class TimedRuntime extends ControllableRuntime<string, string> {
  started = 0n
  reached = 0n
  override readonly call = async (request: string) => {
    this.reached ||= process.hrtime.bigint()
    return request
  }

  constructor(version: string) {
    super({ id: 'bench', version, autoStart: true, autoStop: true })
  }

  override start(): void {
    this.started = process.hrtime.bigint()
    super.start()
  }

  /** The time from active to reached, in µs. */
  get wakeUp(): number {
    return Number(this.reached - this.started) / 1_000
  }
}

type Caller = (aggregate: Aggregate<string, string>) => Promise<unknown>

const waiting: Caller = aggregate => aggregate.call('r')

const polling: Caller = async aggregate => {
  let backoff = BACKOFF.first
  while (aggregate.status().active === null) {
    await delay(backoff)
    backoff *= BACKOFF.factor
  }
  await aggregate.call('r')
}

/** Calls while no version is active; one becomes active `after` ms later. */
async function wakeUp(call: Caller, after: number): Promise<{ readonly reached: number; readonly asked: number }> {
  await using aggregate = new Aggregate<string, string>({ id: 'bench' })
  const runtime = new TimedRuntime('1.0.0')
  aggregate.addVersion('1.0.0', runtime)
  aggregate.start()
  const answered = call(aggregate)
  await delay(after)
  const asked = process.hrtime.bigint()
  void aggregate.setVersion('1.0.0')
  await answered
  return { reached: runtime.wakeUp, asked: Number(runtime.reached - asked) / 1_000 }
}

export const question: Question = {
  number: 5,
  title: 'How soon does a waiting call reach a version that has become active?',
  async run({ short }) {
    const samples = short ? 40 : 400
    for (let n = 0; n < 20; n++) await wakeUp(waiting, 1)
    const moments = Array.from({ length: samples }, (_, n) => ((n + Math.random()) / samples) * WITHIN)
    // Polling callers sleep nearly all the time, so they can run concurrently.
    const polled = await Promise.all(moments.map(after => wakeUp(polling, after)))
    const waited: Awaited<ReturnType<typeof wakeUp>>[] = []
    for (const _ of moments) waited.push(await wakeUp(waiting, 1))
    const pairs = (of: 'reached' | 'asked'): Pair[] =>
      waited.map((ours, n) => ({ ours: ours[of], theirs: polled[n]?.[of] ?? Number.NaN }))
    const goal = { of: 'value', atMost: 100 } as const
    const row = rowOf('active to reached, median', 'polling: 0.5 s, × 1.5', 'µs', pairs('reached'), goal)
    const asked = rowOf('setVersion() to reached, median', 'polling: 0.5 s, × 1.5', 'µs', pairs('asked'))
    return [row, asked]
  },
}
