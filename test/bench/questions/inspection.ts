import { Aggregate, type AggregateOptions } from 'cutover'
import { BenchRuntime } from '../harness/benchRuntime.js'
import { rateOf } from '../harness/load.js'
import type { Question } from '../harness/question.js'
import { inTurns, rowOf } from '../harness/rounds.js'

type Inspector = AggregateOptions['inspect']

const SWITCHES = 300
const CALLS = 100_000

async function running(inspect: Inspector): Promise<Aggregate<string, string>> {
  const aggregate = new Aggregate<string, string>({ id: 'bench', inspect })
  aggregate.addVersion('1.0.0', new BenchRuntime('1.0.0'))
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  return aggregate
}

/** @returns the time to add a version and switch to it, in µs */
async function switchTime(inspect: Inspector): Promise<number> {
  await using aggregate = await running(inspect)
  const begin = process.hrtime.bigint()
  for (let n = 1; n <= SWITCHES; n++) {
    const version = `1.0.${n}`
    aggregate.addVersion(version, new BenchRuntime(version))
    await aggregate.setVersion(version)
  }
  return Number(process.hrtime.bigint() - begin) / SWITCHES / 1_000
}

/** @returns calls/s */
async function callRate(inspect: Inspector): Promise<number> {
  await using aggregate = await running(inspect)
  return await rateOf(aggregate, 'r', { atOnce: 1, calls: CALLS })
}

const noop = () => {}

export const question: Question = {
  number: 10,
  title: 'What does an inspector that does nothing cost?',
  async run({ short }) {
    const compare = async (measure: (inspect: Inspector) => Promise<number>) => {
      const [ours, theirs] = [() => measure(noop), () => measure(undefined)]
      await inTurns(short ? 2 : 5, ours, theirs)
      return inTurns(short ? 5 : 60, ours, theirs)
    }
    return [
      rowOf('addVersion and setVersion', 'without inspect', 'µs', await compare(switchTime)),
      rowOf('call', 'without inspect', 'calls/s', await compare(callRate), { of: 'ratio', atLeast: 0.97 }),
    ]
  },
}
