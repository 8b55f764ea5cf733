import fc from 'fast-check'
import type { WalkProperty } from './properties.js'
import type { WalkSettings } from './settings.js'

/** So many walks have one seed, the next ones that above it. */
const BATCH = 10_000

/** How many walks are done, and the seed of the last. */
export interface WalksDone {
  readonly done: number
  readonly seed: number
}

/**
 * Takes so many random walks of one kind, in batches, each with a seed of its own. Gives null, or, of the first that broke
 * something, what it broke, the shrunk sequence, and the command that takes it again: that of its batch.
 *
 * @param report - is told after each batch
 * @throws Error if there is a path, and the kind of walk has none
 */
export async function check(
  { name, hasPaths, property }: WalkProperty,
  { runs, seed, path }: WalkSettings,
  report: (done: WalksDone) => void = () => {},
): Promise<string | null> {
  if (path !== undefined && !hasPaths) {
    throw new Error(`A path would lead astray in ${name} walks: they are replayed by their seed and number alone.`)
  }
  for (let done = 0, batchSeed = seed; done < runs; done += BATCH, batchSeed++) {
    const batch = Math.min(BATCH, runs - done)
    // Without a limit of its own a path leads on, to the walks behind the one that it is of.
    const which = path === undefined ? { numRuns: batch } : { numRuns: 1, path }
    const result = await fc.check(property(), { ...which, seed: batchSeed, includeErrorInReport: true })
    if (result.failed) {
      const replay = ['npm run test:soak --', `--runs ${batch}`, `--seed ${batchSeed}`, `--only ${name}`]
      if (hasPaths) replay.push(`--path ${result.counterexamplePath ?? path}`)
      return `${withoutFrames(fc.defaultReportMessage(result))}\n\nTo replay it: ${replay.join(' ')}\n`
    }
    if (path !== undefined) return null
    report({ done: done + batch, seed: batchSeed })
  }
  return null
}

/** Where in libraries and in the walks themselves an error passed is of no interest. */
function withoutFrames(report: string): string {
  return report
    .split('\n')
    .filter(line => !(/^\s+at /.test(line) && /node_modules|node:|model\/walks/.test(line)))
    .join('\n')
}
