import type { Subject } from './subject.js'

/** What is done to an aggregate, with all that is only preparation left out of the time: ns. */
export interface Operation {
  readonly name: string
  /** So short that it shows whether an aggregate is in the processor's cache, and little else. */
  readonly asksNoMachine?: true
  measure(subject: Subject): number | Promise<number>
}

/** How many events go out between two looks at the clock. */
const EVENTS = 20

function events(subject: Subject, emit: (n: number) => void): number {
  let heard = 0
  const subscription = subject.aggregate.watchEvents().subscribe(() => {
    heard++
  })
  const begin = process.hrtime.bigint()
  for (let event = 0; event < EVENTS; event++) emit(event)
  const spent = Number(process.hrtime.bigint() - begin)
  subscription.unsubscribe()
  if (heard !== EVENTS) throw new Error(`Of ${EVENTS} events, ${heard} were heard.`)
  return spent / EVENTS
}

async function time(act: () => unknown): Promise<number> {
  const begin = process.hrtime.bigint()
  await act()
  return Number(process.hrtime.bigint() - begin)
}

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'addVersion',
    measure(subject) {
      const runtime = subject.provision()
      const begin = process.hrtime.bigint()
      subject.add(runtime)
      const spent = Number(process.hrtime.bigint() - begin)
      subject.aggregate.removeVersion(runtime.getActiveVersion())
      return spent
    },
  },
  {
    name: 'setVersion, a switch to an idle version',
    measure(subject) {
      const runtime = subject.add()
      return time(() => subject.switchTo(runtime))
    },
  },
  {
    name: 'setVersion, a promotion of the next version',
    async measure(subject) {
      const next = subject.add()
      await subject.switchTo(subject.runtime, next)
      return time(() => subject.switchTo(next))
    },
  },
  {
    name: 'an update with a new capability, from the runtime to a subscriber',
    measure: subject => events(subject, n => subject.runtime.emitUpdated({ hardware: `${n}` })),
  },
  {
    name: 'an update that says nothing new, from the runtime to a subscriber',
    asksNoMachine: true,
    measure: subject => events(subject, () => subject.runtime.emitUpdated()),
  },
]
