/**
 * What inspection costs: a switch and a call without an inspector, and with one that does nothing, taking turns, so that
 * a noisy machine hits both. `npm run bench:inspect`.
 */
import { Aggregate, type AggregateOptions } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { quantile } from './quantile.js'

type Inspector = NonNullable<AggregateOptions['inspect']>

/** Each is a pair, taken one right after the other; what is compared is the pairs. */
const ROUNDS = 60
const SWITCHES = 300
const CALLS = 100_000

class BenchRuntime extends ControllableRuntime<string, string> {
  override readonly call = async (request: string) => request

  constructor(version: string) {
    super({ id: 'bench', version, autoStart: true, autoStop: true })
  }
}

async function running(inspect: Inspector | undefined): Promise<Aggregate<string, string>> {
  const aggregate = new Aggregate<string, string>({ id: 'bench', ...(inspect === undefined ? {} : { inspect }) })
  aggregate.addVersion('1.0.0', new BenchRuntime('1.0.0'))
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  return aggregate
}

/** µs for a switch to a version that is added for it. */
async function switches(inspect: Inspector | undefined): Promise<number> {
  const aggregate = await running(inspect)
  const begin = process.hrtime.bigint()
  for (let n = 1; n <= SWITCHES; n++) {
    const version = `1.0.${n}`
    aggregate.addVersion(version, new BenchRuntime(version))
    await aggregate.setVersion(version)
  }
  const time = Number(process.hrtime.bigint() - begin) / SWITCHES / 1_000
  await aggregate.dispose()
  return time
}

/** µs for a call. */
async function calls(inspect: Inspector | undefined): Promise<number> {
  const aggregate = await running(inspect)
  const begin = process.hrtime.bigint()
  for (let n = 0; n < CALLS; n++) await aggregate.call('r')
  const time = Number(process.hrtime.bigint() - begin) / CALLS / 1_000
  await aggregate.dispose()
  return time
}

async function compare(name: string, measure: (inspect: Inspector | undefined) => Promise<number>) {
  const rounds = []
  for (let round = -5; round < ROUNDS; round++) {
    const pair = { without: await measure(undefined), with: await measure(() => {}) }
    if (round >= 0) rounds.push(pair)
  }
  const ratios = rounds.map(pair => pair.with / pair.without)
  const without = rounds.map(pair => pair.without)
  const inspected = rounds.map(pair => pair.with)
  return {
    what: name,
    'without, µs': quantile(without, 0.5).toFixed(3),
    'with one that does nothing, µs': quantile(inspected, 0.5).toFixed(3),
    ratio: `${quantile(ratios, 0.5).toFixed(2)} ×`,
    quartiles: [0.25, 0.75].map(share => quantile(ratios, share).toFixed(2)).join(' to '),
  }
}

const rows = [await compare('addVersion, setVersion', switches), await compare('call', calls)]
console.log(`Node ${process.version}, ${ROUNDS} rounds each, medians and quartiles`)
console.table(rows)
