/**
 * What a call to another process or thread costs, against what one would use instead: side by side in one run, taking
 * turns, so that a noisy machine hits both. `npm run bench:hosts`.
 */
import { CONTENDERS, type Contender, type ContenderName, REQUEST } from './contenders.js'
import { quantile } from './quantile.js'

interface Match {
  readonly ours: ContenderName
  readonly theirs: ContenderName
  readonly atOnce: number
  /** Our calls per second as a multiple of theirs, at least; one at a time, our median as a multiple of theirs, at most. */
  readonly goal: number
}

const MATCHES: readonly Match[] = [
  { ours: 'process host', theirs: 'fork, JSON', atOnce: 64, goal: 1 },
  { ours: 'process host', theirs: 'fork, advanced', atOnce: 64, goal: 3 },
  { ours: 'process host', theirs: 'bare Unix socket', atOnce: 1, goal: 1.2 },
  { ours: 'worker host', theirs: 'Piscina, one thread', atOnce: 64, goal: 2 },
]

const ROUNDS = 15
const BATCH = { many: 20_000, one: 3_000 }

/** Calls per second. */
async function throughput(contender: Contender, atOnce: number, calls: number): Promise<number> {
  let left = calls
  const lane = async () => {
    while (left-- > 0) await contender.call(REQUEST)
  }
  const begin = process.hrtime.bigint()
  await Promise.all(Array.from({ length: atOnce }, lane))
  return (calls / Number(process.hrtime.bigint() - begin)) * 1e9
}

/** The median time of a call, in µs. */
async function latency(contender: Contender, calls: number): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < calls; i++) {
    const begin = process.hrtime.bigint()
    await contender.call(REQUEST)
    times.push(Number(process.hrtime.bigint() - begin) / 1_000)
  }
  return quantile(times, 0.5)
}

/**
 * Each with processes of its own, that are gone before the next: whether the kernel puts two processes that take turns on
 * one core or on two changes a round trip by a factor of three, and it sticks to what it once chose.
 */
async function measure(name: ContenderName, atOnce: number): Promise<number> {
  const contender = await CONTENDERS[name]()
  const once = (calls: { readonly many: number; readonly one: number }) =>
    atOnce === 1 ? latency(contender, calls.one) : throughput(contender, atOnce, calls.many)
  await once(BATCH)
  const result = await once(BATCH)
  await contender.close()
  return result
}

async function play({ ours, theirs, atOnce, goal }: Match) {
  const rounds: (readonly [number, number])[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // Whoever goes first changes from round to round.
    const names = round % 2 === 0 ? [ours, theirs] : [theirs, ours]
    const results = new Map<ContenderName, number>()
    for (const name of names) results.set(name, await measure(name, atOnce))
    rounds.push([results.get(ours) ?? Number.NaN, results.get(theirs) ?? Number.NaN])
  }
  const ratios = rounds.map(([our, their]) => our / their)
  const [our, their, ratio] = [
    median(rounds.map(([our]) => our)),
    median(rounds.map(([, their]) => their)),
    median(ratios),
  ]
  const format = (value: number) => `${Math.round(value).toLocaleString('en')} ${atOnce === 1 ? 'µs' : 'calls/s'}`
  return {
    match: `${ours} / ${theirs}`,
    'at once': atOnce,
    ours: format(our),
    theirs: format(their),
    ratio: `${ratio.toFixed(2)} ×`,
    quartiles: `${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)}`,
    goal: `${atOnce === 1 ? '≤' : '≥'} ${goal} ×`,
    met: atOnce === 1 ? ratio <= goal : ratio >= goal,
  }
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

const rows = []
for (const match of MATCHES) rows.push(await play(match))
console.log(`Node ${process.version}, ${ROUNDS} rounds each, medians and quartiles of the rounds`)
console.table(rows)
process.exitCode = rows.every(row => row.met) ? 0 : 1
