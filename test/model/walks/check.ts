import fc from 'fast-check'
import type { WalkProperty } from './properties.js'
import type { WalkSettings } from './settings.js'

/**
 * Takes so many random walks of one kind. Gives null, or, of the first that broke something, what it broke, the shrunk
 * sequence, and the command that takes it again.
 */
export async function check(
  { name, hasPaths, property }: WalkProperty,
  { runs, seed, path }: WalkSettings,
): Promise<string | null> {
  const where = path === undefined ? {} : { path }
  const result = await fc.check(property(), { numRuns: runs, seed, includeErrorInReport: true, ...where })
  if (!result.failed) return null
  const replay = ['npm run test:soak --', `--runs ${runs}`, `--seed ${seed}`, `--only ${name}`]
  if (hasPaths) replay.push(`--path ${result.counterexamplePath ?? path}`)
  return `${withoutFrames(fc.defaultReportMessage(result))}\n\nTo replay it: ${replay.join(' ')}\n`
}

/** Where in libraries and in the walks themselves an error passed is of no interest. */
function withoutFrames(report: string): string {
  return report
    .split('\n')
    .filter(line => !(/^\s+at /.test(line) && /node_modules|node:|model\/walks/.test(line)))
    .join('\n')
}
