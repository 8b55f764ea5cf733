import { quantile } from './quantile.js'
import type { Goal, Row, Unit } from './question.js'

/** The values of one round. */
export interface Pair {
  readonly ours: number
  readonly theirs: number
}

/** Measures both sides in each round. Each goes first in every other round, so that a noisy machine affects both. */
export async function inTurns(
  rounds: number,
  ours: () => number | Promise<number>,
  theirs: () => number | Promise<number>,
): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const first = await ours()
      pairs.push({ ours: first, theirs: await theirs() })
    } else {
      const first = await theirs()
      pairs.push({ ours: await ours(), theirs: first })
    }
  }
  return pairs
}

/** Measures all in each round; another one goes first each time. */
export async function inRounds(
  rounds: number,
  contenders: Readonly<Record<string, () => Promise<number>>>,
): Promise<(name: string) => number[]> {
  const entries = Object.entries(contenders)
  const seen = new Map<string, number[]>(entries.map(([name]) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const first = round % entries.length
    for (const [name, measure] of [...entries.slice(first), ...entries.slice(0, first)]) {
      seen.get(name)?.push(await measure())
    }
  }
  return name => seen.get(name) ?? []
}

/** The values of two of them, round by round. */
export function pairsOf(ours: readonly number[], theirs: readonly number[]): Pair[] {
  return ours.map((our, round) => ({ ours: our, theirs: theirs[round] ?? Number.NaN }))
}

export function rowOf(
  what: string,
  against: string,
  unit: Unit,
  pairs: readonly Pair[],
  goal: Goal | null = null,
): Row {
  const ratios = pairs.map(({ ours, theirs }) => ours / theirs)
  return {
    what,
    against,
    unit,
    ours: median(pairs.map(pair => pair.ours)),
    theirs: median(pairs.map(pair => pair.theirs)),
    ratio: [median(ratios), quantile(ratios, 0.25), quantile(ratios, 0.75)],
    goal,
  }
}

/** A row of two values of the whole run, without rounds. */
export function pairRow(
  what: string,
  against: string,
  unit: Unit,
  { ours, theirs }: Pair,
  goal: Goal | null = null,
): Row {
  return { what, against, unit, ours, theirs, ratio: [ours / theirs], goal }
}

/** A row without a baseline. */
export function valueRow(what: string, unit: Unit, ours: number, goal: Goal | null = null): Row {
  return { what, against: '', unit, ours, theirs: null, ratio: null, goal }
}

/** A row of what must not happen at all, not once in the short form either. */
export function noneRow(what: string, value: number): Row {
  return valueRow(what, '', value, { of: 'value', atMost: 0, exact: true })
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}
