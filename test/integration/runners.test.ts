import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'

/** As Jest and Vitest report them both. */
interface Report {
  readonly numTotalTests: number
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

/** What a test runner says of the suites in `test/fixtures/runners`, which use the package as it is built. */
async function reportOf(name: 'jest' | 'vitest', args: readonly string[]): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'cutover-runners-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'report.json')
  const program = `node_modules/${name}/${name === 'jest' ? 'bin/jest.js' : 'vitest.mjs'}`
  const config = `test/fixtures/runners/${name}.config.mjs`
  // This is a Vitest itself, which its variables would tell the other one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(VITEST|JEST|NODE_OPTIONS)/.test(key)),
  )
  const said = await new Promise<string>(resolve => {
    const all = [...args, program, ...(name === 'jest' ? ['--json'] : ['run', '--reporter=json']), '--config', config]
    execFile(process.execPath, [...all, `--outputFile=${file}`], { env }, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    )
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

describe('In a test runner, the hosts work in every realm', { timeout: 300_000 }, () => {
  it('Jest, whose test files are vm contexts', async () => {
    const report = await reportOf('jest', ['--experimental-vm-modules'])
    expect(failuresOf(report)).toEqual([])
    expect(report.numPassedTests).toBeGreaterThan(30)
  })

  it('Vitest, in each of its pools: threads, forks, vmThreads and vmForks', async () => {
    const report = await reportOf('vitest', [])
    expect(failuresOf(report)).toEqual([])
    expect(report.numPassedTests).toBeGreaterThan(2 * 15 + 2 * 30)
  })
})
