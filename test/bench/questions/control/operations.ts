import type { BenchAggregate } from './benchAggregate.js'

/** An operation on an aggregate. Its preparation is not measured. */
export interface Operation {
  readonly name: string
  /** Reaches no statechart. It is so short that it mostly shows whether the aggregate is in the processor's cache. */
  readonly skipsMachines?: true
  /** @returns ns */
  measure(bench: BenchAggregate): number | Promise<number>
}

/** Events per measurement. */
const EVENTS = 20

function events({ aggregate }: BenchAggregate, emit: (n: number) => void): number {
  let received = 0
  const subscription = aggregate.watchEvents().subscribe(() => {
    received++
  })
  const begin = process.hrtime.bigint()
  for (let event = 0; event < EVENTS; event++) emit(event)
  const spent = Number(process.hrtime.bigint() - begin)
  subscription.unsubscribe()
  if (received !== EVENTS) throw new Error(`The subscriber received ${received} of ${EVENTS} events.`)
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
    measure(bench) {
      const runtime = bench.provision()
      const begin = process.hrtime.bigint()
      bench.add(runtime)
      const spent = Number(process.hrtime.bigint() - begin)
      bench.aggregate.removeVersion(runtime.getActiveVersion())
      return spent
    },
  },
  {
    name: 'setVersion, a switch to an idle version',
    measure(bench) {
      const runtime = bench.add()
      return time(() => bench.switchTo(runtime))
    },
  },
  {
    name: 'setVersion, a promotion of the next version',
    async measure(bench) {
      const next = bench.add()
      await bench.switchTo(bench.runtime, next)
      return time(() => bench.switchTo(next))
    },
  },
  {
    name: 'an update with a new capability, from the runtime to a subscriber',
    measure: bench => events(bench, n => bench.runtime.emitUpdated({ hardware: `${n}` })),
  },
  {
    name: 'an update that says nothing new, from the runtime to a subscriber',
    skipsMachines: true,
    measure: bench => events(bench, () => bench.runtime.emitUpdated()),
  },
]
