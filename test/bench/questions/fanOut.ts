/**
 * Two things are asked. The fan-out itself: one event, handed to all who watch. And the whole: from the runtime that says
 * something, to all who watch. It has a fixed part, because the machines decide before anybody hears of it; to few
 * subscribers that part is most of it, and there a bare subject wins.
 */
import { Aggregate, type RuntimeEvent } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { type Observable, Subject } from 'rxjs'
import { EventHub } from '../../../src/events.js'
import type { Form, Goal, Question, Row } from '../harness/question.js'
import { inTurns, rowOf } from '../harness/rounds.js'

const SUBSCRIBERS = [1, 100, 10_000] as const
/** How many deliveries to one subscriber are in a measurement: some ms. */
const DELIVERIES = 20_000
const VERSION = '1.0.0'
const GOAL: Goal = { of: 'ratio', atLeast: 0.8 }

/** Where events go in, and where they come out. */
interface Stream {
  readonly events$: Observable<RuntimeEvent>
  emit(event: RuntimeEvent): void
}

interface Kind {
  readonly name: string
  /** From so many subscribers on, what an event costs before it goes out is to be no more than a fifth of the whole. */
  readonly hidesBehind: number
  event(n: number): RuntimeEvent
}

const PLAIN: Kind = {
  name: 'an update that says nothing new',
  hidesBehind: 100,
  event: () => ({ type: 'updated', version: VERSION }),
}
const KINDS: readonly Kind[] = [
  PLAIN,
  {
    name: 'an update with a new capability',
    hidesBehind: 10_000,
    event: n => ({ type: 'updated', version: VERSION, capabilityTEE: { hardware: `${n}` } }),
  },
]

interface Audience {
  /** ns for one event to reach every subscriber. */
  measure(): number
}

function audience({ events$, emit }: Stream, { event }: Kind, subscribers: number): Audience {
  const events = Array.from({ length: Math.ceil(DELIVERIES / subscribers) }, (_, n) => event(n))
  let heard = 0
  const listen = () =>
    events$.subscribe(() => {
      heard++
    })
  for (let n = 0; n < subscribers; n++) listen()
  return {
    measure() {
      heard = 0
      const begin = process.hrtime.bigint()
      for (const each of events) emit(each)
      const spent = Number(process.hrtime.bigint() - begin)
      if (heard !== events.length * subscribers) throw new Error(`Only ${heard} deliveries arrived.`)
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
  const [ours, theirs] = [audience(stream, kind, subscribers), audience(subjectStream(), kind, subscribers)]
  const [our, their] = [() => 1e9 / ours.measure(), () => 1e9 / theirs.measure()]
  await inTurns(form.short ? 10 : 50, our, their)
  const pairs = await inTurns(form.short ? 25 : 200, our, their)
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
        const goal = count >= kind.hidesBehind ? GOAL : null
        rows.push(await compare(`${kind.name}, from its runtime`, stream, kind, count, goal, form))
      }
    }
    return rows
  },
}
