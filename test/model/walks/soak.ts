/**
 * Runs any number of random walks: `npm run test:soak -- --runs 1000000`. They run in batches, each with the next seed. A
 * failure prints the command that replays the walk.
 */
import { parseArgs } from 'node:util'
import { check } from './check.js'
import { WALK_PROPERTIES, type WalkProperty } from './properties.js'
import { freshSeed, type WalkSettings, wholeNumber } from './settings.js'

const USAGE = `npm run test:soak -- [--runs N] [--seed S] [--path P] [--only ${WALK_PROPERTIES.map(({ name }) => name).join('|')}]`

interface Soak extends WalkSettings {
  readonly kinds: readonly WalkProperty[]
}

try {
  const soak = soakOf(process.argv.slice(2))
  for (const kind of soak.kinds) await run(kind, soak)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

/** @throws Error that names the wrong flag */
function soakOf(args: readonly string[]): Soak {
  const text = { type: 'string' } as const
  const { values } = parsed(() => {
    return parseArgs({ args: [...args], options: { runs: text, seed: text, path: text, only: text } })
  })
  const { only, path } = values
  const kinds = WALK_PROPERTIES.filter(({ name }) => only === undefined || name === only)
  if (kinds.length === 0) throw new Error(`No walks are called ${JSON.stringify(only)}.\n${USAGE}`)
  const runs = parsed(() => wholeNumber('--runs', values.runs, 1)) ?? 100_000
  const seed = parsed(() => wholeNumber('--seed', values.seed, -(2 ** 31)))
  if (path !== undefined && (seed === undefined || only === undefined)) {
    throw new Error(`--path needs --seed and --only.\n${USAGE}`)
  }
  const pathless = kinds.find(({ hasPaths }) => !hasPaths)
  if (path !== undefined && pathless !== undefined) {
    throw new Error(`${pathless.name} walks have no paths: replay them with --runs and --seed.\n${USAGE}`)
  }
  if (path !== undefined && !/^\d+(:\d+)*$/.test(path)) {
    throw new Error(`--path must be a path that a report prints, such as 12:0:3; it is ${JSON.stringify(path)}.`)
  }
  return { kinds, runs, seed: seed ?? freshSeed(), path }
}

function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${USAGE}`)
  }
}

/** @throws Error with the report of a failing walk */
async function run(kind: WalkProperty, soak: Soak): Promise<void> {
  const { runs, seed, path } = soak
  const start = performance.now()
  const many = path === undefined ? `${runs} walks, the first` : '1 walk'
  console.info(`${kind.name}: ${many} from --seed ${seed}`)
  const report = await check(kind, soak, ({ done, seed }) => {
    const seconds = Math.round((performance.now() - start) / 1_000)
    console.info(`${kind.name}: ${done} of ${runs} walks in ${seconds} s, the last from --seed ${seed}`)
  })
  if (report !== null) throw new Error(report)
}
