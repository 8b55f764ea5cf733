/**
 * Two things are asked. The fan-out itself: what each further subscriber costs. And the whole: from the runtime that says
 * something to the last of all subscribers, which has a fixed part that a bare subject does not have, because the machine
 * of the version decides first.
 */
import { Aggregate, type RuntimeEvent } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { type Observable, Subject } from 'rxjs'
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
  event(n: number): RuntimeEvent
}

const PLAIN: Kind = { name: 'an update as the last one', event: () => ({ type: 'updated', version: VERSION }) }
const KINDS: readonly Kind[] = [
  PLAIN,
  {
    name: 'an update with a new capability',
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

async function whole(kind: Kind, subscribers: number, { short }: Form): Promise<Row> {
  await using stream = await aggregateStream()
  const [ours, theirs] = [stream, subjectStream()].map(each => audience(each, kind, subscribers)) as [
    Audience,
    Audience,
  ]
  const perSecond = (side: Audience) => () => 1e9 / side.measure()
  await inTurns(short ? 10 : 50, perSecond(ours), perSecond(theirs))
  const pairs = await inTurns(short ? 25 : 200, perSecond(ours), perSecond(theirs))
  const what = `${kind.name}, from the runtime to ${subscribers} subscriber${subscribers === 1 ? '' : 's'}`
  return rowOf(what, 'a bare Subject', 'events/s', pairs, GOAL)
}

/** Deliveries per second to further subscribers: the fixed part of an event is taken off, on both sides. */
async function further(subscribers: number, { short }: Form): Promise<Row> {
  await using few = await aggregateStream()
  await using many = await aggregateStream()
  const perSecond = (one: Stream, all: Stream) => {
    const [first, whole] = [audience(one, PLAIN, 1), audience(all, PLAIN, subscribers)]
    return () => ((subscribers - 1) / (whole.measure() - first.measure())) * 1e9
  }
  const [ours, theirs] = [perSecond(few, many), perSecond(subjectStream(), subjectStream())]
  await inTurns(short ? 10 : 50, ours, theirs)
  const pairs = await inTurns(short ? 25 : 200, ours, theirs)
  const what = `an event handed to each of ${subscribers - 1} further subscribers`
  return rowOf(what, 'a bare Subject', 'events/s', pairs, GOAL)
}

export const question: Question = {
  number: 7,
  title: 'What does the fan-out of watchEvents cost?',
  async run(form) {
    const rows: Row[] = []
    for (const kind of KINDS) for (const subscribers of SUBSCRIBERS) rows.push(await whole(kind, subscribers, form))
    for (const subscribers of SUBSCRIBERS.slice(1)) rows.push(await further(subscribers, form))
    return rows
  },
}
