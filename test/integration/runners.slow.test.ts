import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'

const require = createRequire(import.meta.url)
const PROGRAMS = { jest: require.resolve('jest/bin/jest'), vitest: 'node_modules/vitest/vitest.mjs' }

/** For many threads and processes, one after the other, on a slow machine. */
const TIMEOUT = 300_000

/** As Jest and Vitest report them both. */
interface Report {
  readonly numPassedTests: number
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

interface Arguments {
  /** Options of Node.js. */
  readonly node?: readonly string[]
  readonly args: readonly string[]
}

/** The report of a test runner on the suites in `test/fixtures/runners`, which use the built package. */
async function reportOf(name: keyof typeof PROGRAMS, { node = [], args }: Arguments): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'cutover-runners-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'report.json')
  const config = `test/fixtures/runners/${name}.config.mjs`
  // This is a Vitest itself, which its variables would tell the other one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(VITEST|JEST|NODE_OPTIONS)/.test(key)),
  )
  const command = [...node, PROGRAMS[name], ...args, '--config', config, `--outputFile=${file}`]
  const said = await new Promise<string>(resolve => {
    // A runner that does not exit by itself fails the test too.
    const options = { env, timeout: TIMEOUT, killSignal: 'SIGKILL' } as const
    execFile(process.execPath, command, options, (_, stdout, stderr) => resolve(stdout + stderr))
  })
  return JSON.parse(await readFile(file, 'utf8').catch(() => Promise.reject(new Error(said)))) as Report
}

function failuresOf({ testResults }: Report): string[] {
  return testResults.flatMap(({ message, assertionResults }) => [
    ...(message === '' ? [] : [message]),
    ...assertionResults
      .filter(({ status }) => status !== 'passed')
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join('\n')}`),
  ])
}

describe('In a test runner, the hosts work in every realm', { timeout: TIMEOUT + 10_000 }, () => {
  it('Jest, whose test files are vm contexts', async () => {
    const report = await reportOf('jest', { node: ['--experimental-vm-modules'], args: ['--json'] })
    expect(failuresOf(report)).toEqual([])
    expect(report.numPassedTests).toBeGreaterThan(30)
  })

  it('Vitest, in each of its pools: threads, forks, vmThreads and vmForks', async () => {
    const report = await reportOf('vitest', { args: ['run', '--reporter=json'] })
    expect(failuresOf(report)).toEqual([])
    expect(report.numPassedTests).toBeGreaterThan(2 * 15 + 2 * 30)
  })
})
