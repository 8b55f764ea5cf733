/**
 * How long the random walks of `npm test` are, and which: `RUNS`, `SEED` and `REPLAY` in the environment. Without a seed
 * each run takes a fresh one.
 */
export interface WalkSettings {
  /** How many sequences of each kind. */
  readonly runs: number
  readonly seed: number
  /** Where the failing sequence was found, as a failure prints it. */
  readonly path: string | undefined
}

/** @throws Error naming the variable that is no whole number */
export function walkSettings(env: Readonly<Record<string, string | undefined>> = process.env): WalkSettings {
  return {
    runs: wholeNumber('RUNS', env['RUNS'], 1) ?? 10_000,
    seed: wholeNumber('SEED', env['SEED'], -(2 ** 31)) ?? freshSeed(),
    path: env['REPLAY'] || undefined,
  }
}

export function freshSeed(): number {
  return Math.trunc(Math.random() * 2 ** 31)
}

/** @throws Error naming what is no whole number, or below `least` */
export function wholeNumber(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new Error(`${name} must be a whole number, at least ${least}; it is ${JSON.stringify(text)}.`)
}
