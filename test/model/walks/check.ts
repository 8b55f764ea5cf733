import fc from 'fast-check'
import type { WalkProperty } from './properties.js'
import type { WalkSettings } from './settings.js'

/** The number of walks with one seed. The next batch has the next seed. */
const BATCH = 10_000

/** The number of finished walks, and the seed of the last batch. */
export interface WalksDone {
  readonly done: number
  readonly seed: number
}

/**
 * Runs random walks of one kind, in batches. Each batch has its own seed.
 *
 * @returns null; or, of the first walk that fails, the violated invariants, the shrunk sequence and the command that
 * replays it
 *
 * @param report - called after each batch
 * @throws Error if there is a path, but walks of this kind have none
 */
export async function check(
  { name, hasPaths, property }: WalkProperty,
  { runs, seed, path }: WalkSettings,
  report: (done: WalksDone) => void = () => {},
): Promise<string | null> {
  if (path !== undefined && !hasPaths) {
    throw new Error(`${name} walks have no paths: replay them by their seed and number of runs.`)
  }
  for (let done = 0, batchSeed = seed; done < runs; done += BATCH, batchSeed++) {
    const batch = Math.min(BATCH, runs - done)
    // Without numRuns: 1, fast-check would go on with the walks after the one at the path.
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

/** Drops the stack frames of libraries and of the walks themselves. */
function withoutFrames(report: string): string {
  return report
    .split('\n')
    .filter(line => !(/^\s+at /.test(line) && /node_modules|node:|model\/walks/.test(line)))
    .join('\n')
}
