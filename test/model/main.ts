/** `npm run test:model` runs the tests that are generated from the machines. `--report` writes what they cover. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type InlineConfig, startVitest } from 'vitest/node'
import { REPORT, REPORT_VARIABLE, reportFrom } from './report.js'

const USAGE = 'Usage: npm run test:model [-- --report]'

/** @returns whether all tests passed */
async function runModels(options: Readonly<Pick<InlineConfig, 'env' | 'exclude'>> = {}): Promise<boolean> {
  await startVitest('test', ['test/model/'], { config: 'test/vitest.config.ts', watch: false, ...options })
  return (process.exitCode ?? 0) === 0
}

async function runWithReport(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'model-report-'))
  try {
    // The random walks are not part of the report: what they cross is random.
    const options = { env: { [REPORT_VARIABLE]: directory }, exclude: ['test/model/walks/**'] }
    if (!(await runModels(options))) throw new Error('Not all tests passed.')
    await writeFile(REPORT, reportFrom(directory))
  } catch (error) {
    process.exitCode = 1
    process.stderr.write(`${(error as Error).message} ${REPORT} was not changed.\n`)
  } finally {
    await rm(directory, { recursive: true })
  }
}

function parse(): { readonly report?: boolean } | undefined {
  try {
    return parseArgs({ options: { report: { type: 'boolean' } } }).values
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`)
    return undefined
  }
}

const options = parse()
if (options === undefined) process.exitCode = 2
else if (options.report === true) await runWithReport()
else await runModels()
