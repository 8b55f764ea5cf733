import type { Runtime } from 'cutover'
import { childProcess, type PoolOptions, pool } from 'cutover/hosts'
import type { Contender } from '../contenders.js'
import { fixture } from '../harness/fixture.js'
import { load } from '../harness/load.js'
import { quantile } from '../harness/quantile.js'
import type { Form, Goal, Question, Row } from '../harness/question.js'
import { inRounds, median, pairsOf, rowOf } from '../harness/rounds.js'
import type { Request } from '../payloads.js'
import { noPool, OTHERS, processes, type StartPool, workers } from '../poolContenders.js'

const AT_ONCE = 64
const SIZES = [1, 2]
const OURS: Readonly<Record<string, StartPool>> = { 'a pool of threads': workers, 'a pool of processes': processes }
const PARAGRAPH =
  'The *quick* brown fox `jumps` over the [lazy dog](https://example.org), **again** and again.\n'.repeat(4)

/** A kind of call, and how many make a measurement. */
interface Work {
  readonly name: string
  readonly calls: number
  readonly warmUp: number
  /** Whether the best of the others is to be met, or Piscina by a factor. */
  readonly isComputing: boolean
  make(): Request
}

/** Rounds of the computation that take 2 ms on this machine when it is quiet. */
async function roundsIn2ms(): Promise<number> {
  const { compute } = (await import(fixture('work').href)) as { readonly compute: (rounds: number) => number }
  const ROUNDS = 1_000_000
  const times = Array.from({ length: 21 }, () => {
    const begin = performance.now()
    compute(ROUNDS)
    return performance.now() - begin
  })
  return Math.round((ROUNDS * 2) / median(times))
}

async function works(): Promise<Work[]> {
  const amount = await roundsIn2ms()
  return [
    { name: '2 ms of CPU', calls: 960, warmUp: 120, isComputing: true, make: () => ({ kind: 'compute', amount }) },
    {
      name: 'marked',
      calls: 4_000,
      warmUp: 2_000,
      isComputing: true,
      make: () => ({ kind: 'marked', text: PARAGRAPH }),
    },
    {
      name: 'nothing',
      calls: 15_000,
      warmUp: 25_000,
      isComputing: false,
      make: () => ({ kind: 'nothing', text: 'a' }),
    },
  ]
}

/** Calls per second. Each measurement starts its own threads or processes. */
async function rateOf(start: () => Promise<Contender>, work: Work): Promise<number> {
  const contender = await start()
  try {
    const target = { call: () => contender.call(work.make()) }
    await load(target, undefined, { atOnce: AT_ONCE, calls: work.warmUp })
    const begin = performance.now()
    await load(target, undefined, { atOnce: AT_ONCE, calls: work.calls })
    return (work.calls / (performance.now() - begin)) * 1e3
  } finally {
    await contender.close()
  }
}

async function againstOthers(work: Work, size: number, rounds: number): Promise<Row[]> {
  const all = { ...OURS, ...OTHERS }
  const ratesOf = await inRounds(
    rounds,
    Object.fromEntries(Object.entries(all).map(([name, start]) => [name, () => rateOf(() => start(size), work)])),
  )
  const names = Object.keys(OTHERS)
  const medians = names.map(name => median(ratesOf(name)))
  const best = names[medians.indexOf(Math.max(...medians))]
  const goalOf = (ours: string, theirs: string): Goal | null => {
    if (work.isComputing) return theirs === best ? { of: 'ratio', atLeast: 1 } : null
    return theirs === 'Piscina' && ours === 'a pool of threads' ? { of: 'ratio', atLeast: 2.5 } : null
  }
  return Object.keys(OURS).flatMap(ours =>
    names.map(theirs =>
      rowOf(
        `${work.name}, ${ours}, ${size} of each`,
        theirs,
        'calls/s',
        pairsOf(ratesOf(ours), ratesOf(theirs)),
        goalOf(ours, theirs),
      ),
    ),
  )
}

/** The gain of Piscina in the same rounds says what the machine allows. */
async function twoAgainstOne(work: Work, rounds: number): Promise<Row[]> {
  const { Piscina } = OTHERS as { readonly Piscina: StartPool }
  const rows: Row[] = []
  for (const [name, start] of Object.entries({ ...OURS, Piscina })) {
    const ratesOf = await inRounds(rounds, {
      two: () => rateOf(() => start(2), work),
      one: () => rateOf(() => start(1), work),
    })
    const goal: Goal | null = start === Piscina ? null : { of: 'ratio', atLeast: 1.7 }
    rows.push(rowOf(`${work.name}, ${name}, two`, 'one', 'calls/s', pairsOf(ratesOf('two'), ratesOf('one')), goal))
  }
  return rows
}

async function oneAgainstNone(work: Work, rounds: number): Promise<Row[]> {
  const rows: Row[] = []
  for (const [name, start] of [
    ['worker thread', workers],
    ['child process', processes],
  ] as const) {
    const none = noPool[name] as () => Promise<Contender>
    const ratesOf = await inRounds(rounds, { one: () => rateOf(() => start(1), work), none: () => rateOf(none, work) })
    const pairs = pairsOf(ratesOf('one'), ratesOf('none'))
    rows.push(
      rowOf(`${work.name}, a pool of one ${name}`, 'without a pool', 'calls/s', pairs, { of: 'ratio', atLeast: 0.95 }),
    )
  }
  return rows
}

const SLOW_CALLS = 600
const SLOW_LANES = 16

/** The p99 of calls to four processes, one of which takes 20 ms for a call in place of 2. */
async function slowOne(balance: PoolOptions | null): Promise<number> {
  const host = childProcess({ module: fixture('slowOne') })
  const provision = (instance: number) =>
    host.provision<unknown, unknown>({
      id: 'bench',
      version: '1.0.0',
      localConfig: { duration: instance === 0 ? 20 : 2 },
    })
  const noted = { name: 'one slow', provision: ({ instance = 0 }) => provision(instance) as Runtime<never, never> }
  const runtimes: Runtime[] =
    balance === null
      ? [0, 1, 2, 3].map(provision)
      : [pool(noted, { size: 4, ...balance }).provision({ id: 'bench', version: '1.0.0' })]
  for (const runtime of runtimes) runtime.start()
  await Promise.all(runtimes.map(runtime => runtime.call('first')))
  const times: number[] = []
  let turn = 0
  const call = async () => {
    const begin = performance.now()
    await runtimes[turn++ % runtimes.length]?.call('a')
    times.push(performance.now() - begin)
  }
  await load({ call }, undefined, { atOnce: SLOW_LANES, calls: SLOW_CALLS })
  await Promise.all(runtimes.map(runtime => runtime.stop()))
  return quantile(times, 0.99)
}

async function oneSlow(rounds: number): Promise<Row[]> {
  const p99Of = await inRounds(rounds, {
    least: () => slowOne({}),
    single: () => slowOne({ concurrency: 1 }),
    turns: () => slowOne(null),
  })
  return [
    ['fewest in flight', 'least'],
    ['fewest in flight, concurrency 1', 'single'],
  ].map(([what, name]) =>
    rowOf(`p99, one of four is ten times slower, ${what}`, 'in turn', 'ms', pairsOf(p99Of(name ?? ''), p99Of('turns'))),
  )
}

async function run({ short }: Form): Promise<Row[]> {
  const rounds = short ? 1 : 3
  const [computing, marked, nothing] = (await works()) as [Work, Work, Work]
  const rows: Row[] = []
  for (const work of short ? [computing, nothing] : [computing, marked, nothing]) {
    for (const size of short ? [2] : SIZES) rows.push(...(await againstOthers(work, size, rounds)))
  }
  rows.push(...(await twoAgainstOne(computing, rounds)))
  rows.push(...(await oneAgainstNone(nothing, short ? 2 : 6)))
  rows.push(...(await oneSlow(short ? 1 : 3)))
  return rows
}

export const question: Question = {
  number: 13,
  title: 'What does a pool cost, and what does it gain?',
  run,
}
