import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aggregateMachine, connectionMachine, supervisorMachine, versionMachine } from 'cutover/machines'
import type { AnyStateMachine } from 'xstate'
import { coveragePage, type MachineCoverage } from '../docs/coverage.js'
import type { Figure } from './coverage.js'

/** Names the directory where the models leave what they have covered; set by `npm run test:model -- --report`. */
export const REPORT_VARIABLE = 'CUTOVER_MODEL_REPORT'

/** Where the report is kept. */
export const REPORT = 'docs/machines/coverage.md'

/** In the order of the page. */
const MACHINES: readonly AnyStateMachine[] = [aggregateMachine, versionMachine, supervisorMachine, connectionMachine]

/** A coverage in JSON: the machine is named by its id. */
interface SavedCoverage {
  readonly title: string
  readonly machine: string
  readonly figures: readonly Figure[]
  readonly crossed: readonly (readonly [name: string, count: number])[]
  readonly leftOut: readonly string[]
}

/** To be called when a model is through: leaves its coverage for the report, where one is asked for. */
export function saveCoverage(
  coverage: MachineCoverage,
  directory: string | undefined = process.env[REPORT_VARIABLE],
): void {
  if (directory === undefined) return
  const { title, machine, figures, crossed, leftOut } = coverage
  const saved: SavedCoverage = { title, machine: machine.id, figures, crossed: [...crossed], leftOut }
  // A second coverage of the same title must not take the place of the first.
  writeFileSync(join(directory, `${encodeURIComponent(`${machine.id} ${title}`)}.json`), JSON.stringify(saved), {
    flag: 'wx',
  })
}

/** The page made from all that was saved in `directory`, the same whatever the order in which that happened. */
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
