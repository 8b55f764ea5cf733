import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  aggregateMachine,
  connectionMachine,
  poolMachine,
  rolloutMachine,
  supervisorMachine,
  versionMachine,
} from 'cutover/machines'
import type { AnyStateMachine } from 'xstate'
import { coveragePage, type MachineCoverage } from '../docs/coverage.js'
import type { Figure } from './coverage.js'

/** The environment variable with the directory for the saved coverages; set by `npm run test:model -- --report`. */
export const REPORT_VARIABLE = 'CUTOVER_MODEL_REPORT'

/** The page with the report. */
export const REPORT = 'docs/machines/coverage.md'

/** The machines, in the order of the page. */
const MACHINES: readonly AnyStateMachine[] = [
  aggregateMachine,
  versionMachine,
  supervisorMachine,
  connectionMachine,
  rolloutMachine,
  poolMachine,
]

/** A coverage as JSON, with the id of its machine. */
interface SavedCoverage {
  readonly title: string
  readonly machine: string
  readonly figures: readonly Figure[]
  readonly crossed: readonly (readonly [name: string, count: number])[]
  readonly leftOut: readonly string[]
}

/** Saves the coverage of a model after its tests, if a report was asked for. */
export function saveCoverage(
  coverage: MachineCoverage,
  directory: string | undefined = process.env[REPORT_VARIABLE],
): void {
  if (directory === undefined) return
  const { title, machine, figures, crossed, leftOut } = coverage
  const saved: SavedCoverage = { title, machine: machine.id, figures, crossed: [...crossed], leftOut }
  // The flag makes a second coverage with the same title an error.
  writeFileSync(join(directory, `${encodeURIComponent(`${machine.id} ${title}`)}.json`), JSON.stringify(saved), {
    flag: 'wx',
  })
}

/** Makes the page from all saved coverages. The order in which they were saved does not matter. */
export function reportFrom(directory: string): string {
  const saved = readdirSync(directory).map(
    name => JSON.parse(readFileSync(join(directory, name), 'utf8')) as SavedCoverage,
  )
  const coverages = MACHINES.flatMap(machine =>
    saved
      .filter(coverage => coverage.machine === machine.id)
      .sort((a, b) => (a.title < b.title ? -1 : 1))
      .map(({ crossed, ...rest }) => ({ ...rest, machine, crossed: new Map(crossed) })),
  )
  const missing = MACHINES.filter(machine => !coverages.some(coverage => coverage.machine === machine))
  if (missing.length > 0) {
    throw new Error(`No model has saved its coverage of: ${missing.map(({ id }) => id).join(', ')}.`)
  }
  return coveragePage(coverages)
}
