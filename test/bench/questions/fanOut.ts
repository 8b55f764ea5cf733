/**
 * Compares two things with a bare `Subject`: the fan-out alone, from the event hub to all subscribers, and the whole way
 * from the runtime. The whole way has a fixed part, because the statecharts decide first. With few subscribers that part
 * dominates, and the bare Subject wins.
 */
import { Aggregate, type RuntimeEvent } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { type Observable, Subject } from 'rxjs'
import { EventHub } from '../../../src/events.js'
import type { Form, Goal, Question, Row } from '../harness/question.js'
import { inTurns, rowOf } from '../harness/rounds.js'

const SUBSCRIBERS = [1, 100, 10_000] as const
/** Deliveries in one measurement, over all subscribers: a few ms. */
const DELIVERIES = 20_000
const VERSION = '1.0.0'
const GOAL: Goal = { of: 'ratio', atLeast: 0.8 }

/** An observable and the function that feeds it. */
interface Stream {
  readonly events$: Observable<RuntimeEvent>
  emit(event: RuntimeEvent): void
}

interface Kind {
  readonly name: string
  /** From this number of subscribers on, the fixed part must be at most a fifth of the whole. */
  readonly goalFrom: number
  event(n: number): RuntimeEvent
}

const PLAIN: Kind = {
  name: 'an update that says nothing new',
  goalFrom: 100,
  event: () => ({ type: 'updated', version: VERSION }),
}
const KINDS: readonly Kind[] = [
  PLAIN,
  {
    name: 'an update with a new capability',
    goalFrom: 10_000,
    event: n => ({ type: 'updated', version: VERSION, capabilityTEE: { hardware: `${n}` } }),
  },
]

interface Subscribers {
  /** @returns the time for one event to reach every subscriber, in ns */
  measure(): number
}

function subscribe({ events$, emit }: Stream, { event }: Kind, subscribers: number): Subscribers {
  const events = Array.from({ length: Math.ceil(DELIVERIES / subscribers) }, (_, n) => event(n))
  let received = 0
  for (let n = 0; n < subscribers; n++) {
    events$.subscribe(() => {
      received++
    })
  }
  return {
    measure() {
      received = 0
      const begin = process.hrtime.bigint()
      for (const each of events) emit(each)
      const spent = Number(process.hrtime.bigint() - begin)
      const expected = events.length * subscribers
      if (received !== expected) throw new Error(`The subscribers received ${received} of ${expected} events.`)
      return spent / events.length
    },
  }
}

function subjectStream(): Stream {
  const events$ = new Subject<RuntimeEvent>()
  return { events$, emit: event => events$.next(event) }
}

async function aggregateStream(): Promise<Stream & AsyncDisposable> {
  const runtime = new ControllableRuntime({ id: 'bench', version: VERSION, autoStart: true, autoStop: true })
  const aggregate = new Aggregate({ id: 'bench' })
  aggregate.addVersion(VERSION, runtime)
  aggregate.start()
  await aggregate.setVersion(VERSION)
  const dispose = () => aggregate.dispose()
  return { events$: aggregate.watchEvents(), emit: event => runtime.emit(event), [Symbol.asyncDispose]: dispose }
}

function hubStream(): Stream {
  const hub = new EventHub(error => {
    throw error
  })
  return { events$: hub.watch(), emit: event => hub.announce(event) }
}

async function compare(what: string, stream: Stream, kind: Kind, subscribers: number, goal: Goal | null, form: Form) {
  const [ours, theirs] = [subscribe(stream, kind, subscribers), subscribe(subjectStream(), kind, subscribers)]
  const [ourRate, theirRate] = [() => 1e9 / ours.measure(), () => 1e9 / theirs.measure()]
  await inTurns(form.short ? 10 : 50, ourRate, theirRate)
  const pairs = await inTurns(form.short ? 25 : 200, ourRate, theirRate)
  const to = `to ${subscribers.toLocaleString('en')} subscriber${subscribers === 1 ? '' : 's'}`
  return rowOf(`${what}, ${to}`, 'a bare Subject', 'events/s', pairs, goal)
}

export const question: Question = {
  number: 7,
  title: 'What does the fan-out of watchEvents cost?',
  async run(form) {
    const rows: Row[] = []
    for (const count of SUBSCRIBERS) {
      rows.push(await compare('the fan-out alone', hubStream(), PLAIN, count, GOAL, form))
    }
    for (const kind of KINDS) {
      for (const count of SUBSCRIBERS) {
        await using stream = await aggregateStream()
        const goal = count >= kind.goalFrom ? GOAL : null
        rows.push(await compare(`${kind.name}, from its runtime`, stream, kind, count, goal, form))
      }
    }
    return rows
  },
}
