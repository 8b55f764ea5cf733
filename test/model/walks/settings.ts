/**
 * The number and the seed of the random walks in `npm test`, from the environment variables `RUNS`, `SEED` and `REPLAY`.
 * Without `SEED` each run has a new seed.
 */
export interface WalkSettings {
  /** The number of walks of each kind. */
  readonly runs: number
  readonly seed: number
  /** The path of a failing walk, as its report prints it. */
  readonly path: string | undefined
}

/** @throws Error that names a variable which is not a whole number */
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

/** @throws Error that names a value which is not a whole number, or is below `least` */
export function wholeNumber(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new Error(`${name} must be a whole number, at least ${least}; it is ${JSON.stringify(text)}.`)
}
