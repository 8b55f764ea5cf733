import type { Subject } from './subject.js'

/** What is done to an aggregate, with all that is only preparation left out of the time: ns. */
export interface Operation {
  readonly name: string
  measure(subject: Subject): number | Promise<number>
}

/** How many events go out between two looks at the clock. */
const EVENTS = 20

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
    name: 'an event, from the runtime to a subscriber',
    measure(subject) {
      let heard = 0
      const subscription = subject.aggregate.watchEvents().subscribe(() => {
        heard++
      })
      const begin = process.hrtime.bigint()
      for (let event = 0; event < EVENTS; event++) subject.runtime.emitUpdated()
      const spent = Number(process.hrtime.bigint() - begin)
      subscription.unsubscribe()
      if (heard !== EVENTS) throw new Error(`Of ${EVENTS} events, ${heard} were heard.`)
      return spent / EVENTS
    },
  },
]
