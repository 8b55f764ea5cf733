import { setImmediate as turn } from 'node:timers/promises'
import type { Form, Question, Row } from '../harness/question.js'
import { inTurns, median, rowOf, valueRow } from '../harness/rounds.js'
import { OPERATIONS, type Operation } from './control/operations.js'
import { idle, provision, Subject } from './control/subject.js'

/** How many versions an aggregate has, and how much more an operation may cost then than with two. */
const VERSIONS = [
  { versions: 10, atMost: 1.5 },
  { versions: 100, atMost: 1.5 },
  { versions: 1_000, atMost: 4 },
]
const AGGREGATES = 1_000
const IN_A_ROUND = 25

/** µs: the median of a round, in which the operation is done so many times, with each of `subjects` in turn. */
async function round(operation: Operation, subjects: readonly Subject[], times: number, offset = 0): Promise<number> {
  const spent: number[] = []
  for (let n = 0; n < times; n++) {
    const subject = subjects[(offset + n) % subjects.length]
    if (subject !== undefined) spent.push(await operation.measure(subject))
  }
  return median(spent) / 1e3
}

async function compareVersions({ short }: Form): Promise<Row[]> {
  const rows: Row[] = []
  await using few = await Subject.running(2)
  for (const { versions, atMost } of VERSIONS) {
    await using many = await Subject.running(versions)
    for (const operation of OPERATIONS) {
      const [ours, theirs] = [() => round(operation, [many], IN_A_ROUND), () => round(operation, [few], IN_A_ROUND)]
      await inTurns(short ? 2 : 30, ours, theirs)
      const pairs = await inTurns(short ? 5 : 60, ours, theirs)
      rows.push(rowOf(`${operation.name}, ${versions} versions`, '2 versions', 'µs', pairs, { of: 'ratio', atMost }))
    }
  }
  return rows
}

async function compareAggregates({ short }: Form): Promise<Row[]> {
  const rows: Row[] = []
  await using one = await Subject.running(2)
  const many: Subject[] = []
  for (let n = 0; n < AGGREGATES; n++) many.push(await Subject.running(2))
  for (const operation of OPERATIONS) {
    let offset = 0
    const ours = () => {
      offset += IN_A_ROUND
      return round(operation, many, IN_A_ROUND, offset)
    }
    const theirs = () => round(operation, [one], IN_A_ROUND)
    await inTurns(short ? 3 : 80, ours, theirs)
    const pairs = await inTurns(short ? 8 : 120, ours, theirs)
    const goal = operation.asksNoMachine ? null : ({ of: 'ratio', atMost: 1.2 } as const)
    rows.push(rowOf(`${operation.name}, each of ${AGGREGATES} aggregates in turn`, '1 aggregate', 'µs', pairs, goal))
  }
  for (const subject of many) await subject.aggregate.dispose()
  return rows
}

/** µs for an aggregate that is made, brought up with two versions, and stays until the others are there too. */
async function compareMaking({ short }: Form): Promise<Row> {
  const count = short ? AGGREGATES / 4 : AGGREGATES
  const make = async (together: number) => {
    let spent = 0n
    for (let made = 0; made < count; made += together) {
      const begin = process.hrtime.bigint()
      const aggregates = []
      for (let n = 0; n < together; n++) aggregates.push(await idle())
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

/** What an aggregate adds to the two runtimes that are there without it too. */
async function memory(): Promise<Row> {
  await (await idle()).dispose()
  const runtimes = Array.from({ length: AGGREGATES }, () => [provision('1.0.1'), provision('1.0.2')] as const)
  const aggregates = []
  const before = await heapUsed()
  for (const [active, next] of runtimes) aggregates.push(await idle(active, next))
  const bytes = ((await heapUsed()) - before) / AGGREGATES
  for (const aggregate of aggregates) await aggregate.dispose()
  const goal = { of: 'value', atMost: 30, exact: true } as const
  return valueRow('memory of an idle aggregate with two versions, without their runtimes', 'kB', bytes / 1e3, goal)
}

async function heapUsed(): Promise<number> {
  if (gc === undefined) throw new Error('Start Node.js with --expose-gc.')
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
