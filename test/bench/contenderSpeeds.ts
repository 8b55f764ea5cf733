import type { Contender, Start } from './contenders.js'
import { load } from './harness/load.js'
import { quantile } from './harness/quantile.js'
import type { Form, Goal, Row } from './harness/question.js'
import { rowOf } from './harness/rounds.js'
import { BYTES_256K, type Payload, SMALL, TEXT_4K, TEXT_256K } from './payloads.js'

/** The measured speeds of a contender. */
export interface Speed {
  /** Calls per second, 64 at once. */
  readonly rate: number
  /** The median time of one call after another, in µs. */
  readonly roundTrip: number
}

const AT_ONCE = 64

/**
 * Each measurement starts a new process or thread and ends it again. The kernel decides once whether two processes that
 * alternate share a core, and the choice changes a round trip by a factor of three.
 */
async function speedOf(start: Start, payload: Payload, share: number): Promise<Speed> {
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

/** The speeds of all contenders in one round, by name. */
export type Round = ReadonlyMap<string, Speed>

/**
 * Measures all contenders in each round. Another one goes first in every round, so that a noisy machine affects all alike.
 *
 * @param share - the part of the payload's calls to make, for a short form
 */
export async function measureRounds(
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
const CONCURRENCY = { rate: `${AT_ONCE} at once`, roundTrip: '1 at once' } as const

/** The row that compares two contenders. */
export function comparisonRow(
  rounds: readonly Round[],
  payload: Payload,
  speed: keyof Speed,
  [ours, theirs]: readonly [ours: string, theirs: string],
  goal: Goal | null,
): Row {
  const other = speedsOf(rounds, theirs, speed)
  const pairs = speedsOf(rounds, ours, speed).map((our, round) => ({ ours: our, theirs: other[round] ?? Number.NaN }))
  return rowOf(`${payload.name}, ${CONCURRENCY[speed]}`, theirs, UNITS[speed], pairs, goal)
}

/** The rows of every payload; the short form has only the small one. */
export async function forEachPayload(
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
