import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { childProcess, workerThread } from 'cutover/hosts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { explainTypeScript } from '../../src/module/importFile.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { runModule } from '../fixtures/package/runModule.js'

/** Whether this version of Node.js removes types by itself: 22.18 and later, 23.6 and later. */
const stripsTypes = 'typescript' in process.features && process.features.typescript !== false
const FILES = {
  'rules.ts': 'export const call = (amount: number): number => amount * 2',
  'rules.mts': 'export const call = (amount: number): number => amount * 2',
  'enum.ts': 'enum Rate { Standard = 19 }\nexport const call = (): number => Rate.Standard',
  'view.tsx': 'export const call = () => <b/>',
  'rate.ts': 'export const rate: number = 19',
  'imports.ts': "import { rate } from './rate.js'\nexport const call = (): number => rate",
  'node_modules/rules/rules.ts': 'export const call = (): number => 1',
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typescript-'))
  for (const [name, content] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
})
afterAll(() => rm(folder, { recursive: true }))

const HOSTS = { workerThread, childProcess }

describe.each(Object.entries(HOSTS))('A module in TypeScript, by %s', (_, host) => {
  const run = (file: string, execArgv?: readonly string[]) => {
    const options = execArgv === undefined ? {} : { execArgv }
    return runModule(host({ module: join(folder, file), ...options }), 21)
  }

  it.runIf(stripsTypes).each(['rules.ts', 'rules.mts'])('runs where Node.js removes types: %s', async file => {
    expect(await run(file)).toBe(42)
  })

  it.runIf(stripsTypes)('that Node.js is told not to load fails, and the error names the option', async () => {
    await expect(run('rules.ts', ['--no-experimental-strip-types'])).rejects.toThrow(
      /Unknown file extension ".ts".* loads TypeScript with --experimental-strip-types/,
    )
  })

  it.skipIf(stripsTypes).each(['rules.ts', 'rules.mts', 'enum.ts'])(
    'fails where Node.js does not load it, and the error says what to do: %s',
    async file => {
      const error = (await rejectionOf(run(file))) as Error
      expect(error).toMatchObject({ code: 'CUTOVER_START_FAILED', version: '1.0.0' })
      expect(error.message).toContain(
        `Node.js ${process.versions.node} does not load TypeScript. Use Node.js 22.18 or later,`,
      )
      expect(error.message).toContain('compile the module to JavaScript, or register a compiler such as tsx')
    },
  )

  it.runIf(stripsTypes).each([
    ['enum.ts', /enum is not supported.* avoid enums, namespaces and parameter properties, compile the module/],
    ['imports.ts', /Import \S+rate\.ts by that name \(allowImportingTsExtensions in tsconfig\.json\), compile/],
    ['node_modules/rules/rules.ts', /Node\.js loads only JavaScript from node_modules: compile the module/],
  ])('that Node.js cannot run as it is says so: %s', async (file, message) => {
    await expect(run(file)).rejects.toThrow(message)
  })

  it('with JSX says that it must be compiled', async () => {
    await expect(run('view.tsx')).rejects.toThrow(/Node\.js does not load JSX: compile the module/)
  })
})

it('Any other error of loading stays as it is', () => {
  const errors = [
    new Error('no'),
    'text',
    Object.assign(new TypeError('Unknown file extension ".css" for /a.css'), { code: 'ERR_UNKNOWN_FILE_EXTENSION' }),
    Object.assign(new Error("Cannot find module '/a/b.js' imported from /a/c.ts"), { code: 'ERR_MODULE_NOT_FOUND' }),
    Object.assign(new Error("Cannot find package 'x' imported from /a/c.ts"), { code: 'ERR_MODULE_NOT_FOUND' }),
  ]
  expect(errors.map(error => explainTypeScript(error, new URL('file:///a/c.ts')))).toEqual(errors)
})
