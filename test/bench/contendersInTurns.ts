import { BYTES_256K, type Contender, type Payload, SMALL, type Start, TEXT_4K, TEXT_256K } from './contenders.js'
import { load } from './harness/load.js'
import { quantile } from './harness/quantile.js'
import type { Form, Goal, Row } from './harness/question.js'
import { rowOf } from './harness/rounds.js'

/** Calls per second at 64 at once, and the median time of one call after another, in µs. */
export interface Speed {
  readonly rate: number
  readonly roundTrip: number
}

const AT_ONCE = 64

/**
 * Each with a process or thread of its own, that is gone before the next: whether the kernel puts two that take turns on
 * one core or on two changes a round trip by a factor of three, and it sticks to what it once chose.
 */
async function speedOf(start: Start, payload: Payload, share = 1): Promise<Speed> {
  const contender = await start()
  try {
    const [many, single] = [payload.many * share, payload.single * share]
    await rateOf(contender, payload, payload.warmUp * share)
    const rate = await rateOf(contender, payload, many)
    await roundTripOf(contender, payload, single / 2)
    return { rate, roundTrip: await roundTripOf(contender, payload, single) }
  } finally {
    await contender.close()
  }
}

/** The speeds of all in each round, by their names; whoever goes first changes from round to round. */
export type Round = ReadonlyMap<string, Speed>

export async function speedsInTurns(
  rounds: number,
  contenders: Readonly<Record<string, Start>>,
  payload: Payload,
  share = 1,
): Promise<Round[]> {
  const entries = Object.entries(contenders)
  const results: Round[] = []
  for (let round = 0; round < rounds; round++) {
    const first = round % entries.length
    const speeds = new Map<string, Speed>()
    for (const [name, start] of [...entries.slice(first), ...entries.slice(0, first)]) {
      speeds.set(name, await speedOf(start, payload, share))
    }
    results.push(speeds)
  }
  return results
}

export function speedsOf(rounds: readonly Round[], name: string, speed: keyof Speed): number[] {
  return rounds.map(round => round.get(name)?.[speed] ?? Number.NaN)
}

const UNITS = { rate: 'calls/s', roundTrip: 'µs' } as const
const HOW_MANY = { rate: `${AT_ONCE} at once`, roundTrip: '1 at once' } as const

/** A row of one rival. */
export function contest(
  rounds: readonly Round[],
  payload: Payload,
  speed: keyof Speed,
  [ours, theirs]: readonly [ours: string, theirs: string],
  goal: Goal | null,
): Row {
  const other = speedsOf(rounds, theirs, speed)
  const pairs = speedsOf(rounds, ours, speed).map((our, round) => ({ ours: our, theirs: other[round] ?? Number.NaN }))
  return rowOf(`${payload.name}, ${HOW_MANY[speed]}`, theirs, UNITS[speed], pairs, goal)
}

/** The rows of every payload; the short form has the small one only. */
export async function ofEachPayload(
  form: Form,
  compare: (payload: Payload, form: Form) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const payloads = form.short ? [SMALL] : [SMALL, TEXT_4K, TEXT_256K, BYTES_256K]
  const rows: Row[] = []
  for (const payload of payloads) rows.push(...(await compare(payload, form)))
  return rows
}

async function rateOf(contender: Contender, { make }: Payload, calls: number): Promise<number> {
  const begin = process.hrtime.bigint()
  await load({ call: () => contender.call(make()) }, undefined, { atOnce: AT_ONCE, calls })
  return (calls / Number(process.hrtime.bigint() - begin)) * 1e9
}

async function roundTripOf(contender: Contender, { make }: Payload, calls: number): Promise<number> {
  const times: number[] = []
  for (let call = 0; call < calls; call++) {
    const begin = process.hrtime.bigint()
    await contender.call(make())
    times.push(Number(process.hrtime.bigint() - begin) / 1_000)
  }
  return quantile(times, 0.5)
}
