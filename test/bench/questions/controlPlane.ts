import { setImmediate as turn } from 'node:timers/promises'
import type { Form, Question, Row } from '../harness/question.js'
import { inTurns, median, rowOf, valueRow } from '../harness/rounds.js'
import { BenchAggregate, idleAggregate, provision } from './control/benchAggregate.js'
import { OPERATIONS, type Operation } from './control/operations.js'

/** A service has 2 to 10 versions in an aggregate; 32 may cost twice as much as 2. */
const VERSIONS = { few: 2, many: 32, atMost: 2 } as const
const AGGREGATES = 1_000
const PER_ROUND = 25

/** Performs the operation on one aggregate after the other. @returns the median of the times, in µs */
async function round(operation: Operation, benches: readonly BenchAggregate[], offset = 0): Promise<number> {
  const spent: number[] = []
  for (let n = 0; n < PER_ROUND; n++) {
    const bench = benches[(offset + n) % benches.length]
    if (bench !== undefined) spent.push(await operation.measure(bench))
  }
  return median(spent) / 1e3
}

async function compareVersions({ short }: Form): Promise<Row[]> {
  const rows: Row[] = []
  await using few = await BenchAggregate.running(VERSIONS.few)
  await using many = await BenchAggregate.running(VERSIONS.many)
  const goal = { of: 'ratio', atMost: VERSIONS.atMost } as const
  for (const operation of OPERATIONS) {
    const [ours, theirs] = [() => round(operation, [many]), () => round(operation, [few])]
    await inTurns(short ? 2 : 30, ours, theirs)
    const pairs = await inTurns(short ? 5 : 60, ours, theirs)
    rows.push(rowOf(`${operation.name}, ${VERSIONS.many} versions`, `${VERSIONS.few} versions`, 'µs', pairs, goal))
  }
  return rows
}

async function compareAggregates({ short }: Form): Promise<Row[]> {
  const rows: Row[] = []
  await using one = await BenchAggregate.running(2)
  const many: BenchAggregate[] = []
  for (let n = 0; n < AGGREGATES; n++) many.push(await BenchAggregate.running(2))
  for (const operation of OPERATIONS) {
    let offset = 0
    const ours = () => {
      offset += PER_ROUND
      return round(operation, many, offset)
    }
    const theirs = () => round(operation, [one])
    await inTurns(short ? 3 : 80, ours, theirs)
    const pairs = await inTurns(short ? 8 : 120, ours, theirs)
    const goal = operation.skipsMachines ? null : ({ of: 'ratio', atMost: 1.2 } as const)
    rows.push(rowOf(`${operation.name}, each of ${AGGREGATES} aggregates in turn`, '1 aggregate', 'µs', pairs, goal))
  }
  for (const { aggregate } of many) await aggregate.dispose()
  return rows
}

/** The time to make an aggregate and start two versions, if all aggregates stay, against one at a time. */
async function compareMaking({ short }: Form): Promise<Row> {
  const count = short ? AGGREGATES / 4 : AGGREGATES
  const make = async (together: number) => {
    let spent = 0n
    for (let made = 0; made < count; made += together) {
      const begin = process.hrtime.bigint()
      const aggregates = []
      for (let n = 0; n < together; n++) aggregates.push(await idleAggregate())
      spent += process.hrtime.bigint() - begin
      for (const aggregate of aggregates) await aggregate.dispose()
    }
    return Number(spent) / count / 1e3
  }
  const [ours, theirs] = [() => make(count), () => make(1)]
  await inTurns(1, ours, theirs)
  const pairs = await inTurns(short ? 3 : 10, ours, theirs)
  const goal = { of: 'ratio', atMost: 1.2 } as const
  return rowOf(`an aggregate made and brought up, each of ${count}`, '1 aggregate', 'µs', pairs, goal)
}

/** The heap that an aggregate adds to its two runtimes. */
async function memory(): Promise<Row> {
  await (await idleAggregate()).dispose()
  const runtimes = Array.from({ length: AGGREGATES }, () => [provision('1.0.1'), provision('1.0.2')] as const)
  const aggregates = []
  const before = await heapUsed()
  for (const [active, next] of runtimes) aggregates.push(await idleAggregate(active, next))
  const bytes = ((await heapUsed()) - before) / AGGREGATES
  for (const aggregate of aggregates) await aggregate.dispose()
  const goal = { of: 'value', atMost: 30, exact: true } as const
  return valueRow('memory of an idle aggregate with two versions, without their runtimes', 'kB', bytes / 1e3, goal)
}

async function heapUsed(): Promise<number> {
  if (gc === undefined) throw new Error('This benchmark needs node --expose-gc.')
  for (let n = 0; n < 3; n++) {
    await turn()
    gc()
  }
  return process.memoryUsage().heapUsed
}

export const question: Question = {
  number: 6,
  title: 'What does the control plane cost with many versions, and with many aggregates?',
  async run(form) {
    const used = await memory()
    return [...(await compareVersions(form)), ...(await compareAggregates(form)), await compareMaking(form), used]
  },
}
