import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { childProcess, inProcess, workerThread } from 'cutover/hosts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Deed } from '../fixtures/remoteHost.js'
import { RemoteHost } from '../fixtures/remoteHost.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function written(name: string, source: string): Promise<URL> {
  await writeFile(join(folder, name), source)
  return pathToFileURL(join(folder, name))
}

const HOSTS = [
  ['in-process', inProcess],
  ['a thread', workerThread],
  ['a process', childProcess],
] as const

const hostedBy = (make: (typeof HOSTS)[number][1], module: URL) =>
  new RemoteHost(config => make({ module }).provision<Deed, unknown>(config))

// Vitest loads the files of this process, and has error messages of its own.
describe.each(HOSTS.slice(1))('A module file with a syntax error in %s', (_, make) => {
  const hosted = (module: URL) => hostedBy(make, module)

  it('A syntax error names the file and the line, also in a file that the module imports', async () => {
    const broken = await written('broken.mjs', 'export const a = 1\n\nexport const b = { c d }\n')
    const importer = await written('importer.mjs', "import { a } from './broken.mjs'\nexport const call = () => a\n")
    for (const module of [broken, importer]) {
      await using host = hosted(module)
      const error = await host.failure()
      expect(error).toMatchObject({ code: 'CUTOVER_START_FAILED', cause: { cause: { name: 'SyntaxError' } } })
      expect(error.message).toContain(`${join(folder, 'broken.mjs')}:3: Unexpected identifier 'd'.`)
    }
  })

  it('A syntax error of a CommonJS file names the file and the line', async () => {
    await using host = hosted(await written('broken.cjs', '\nexports.call = { c d }\n'))
    expect((await host.failure()).message).toContain(`${join(folder, 'broken.cjs')}:2: Unexpected identifier 'd'`)
  })
})

describe.each(HOSTS)('A module file in %s', (_, make) => {
  const hosted = (module: URL) => hostedBy(make, module)

  it('A file that parses something broken at run time throws what it throws', async () => {
    await using host = hosted(await written('parses.mjs', "export const call = JSON.parse('{')\n"))
    expect(await host.failure()).toMatchObject({
      cause: { name: 'SyntaxError', message: expect.stringMatching(/JSON/) },
    })
  })

  it.each([
    ['module.exports = { default: … }', "module.exports = { default: { call: () => 'found' } }"],
    [
      'exports.default = …, as compilers write it',
      "Object.defineProperty(exports, '__esModule', { value: true })\nexports.default = { call: () => 'found' }",
    ],
    ['module.exports = { call }', "module.exports = { call: () => 'found' }"],
    [
      'exports.call, beside a default',
      "exports.call = () => 'found'\nexports.default = { call: () => 'not this one' }",
    ],
  ])('A CommonJS module is found in %s', async (name, source) => {
    await using host = await hosted(
      await written(`${Buffer.from(name).toString('hex').slice(-20)}.cjs`, source),
    ).started()
    expect(await host.do('anything')).toBe('found')
  })
})

it('A syntax error in this process names the file and the line', async () => {
  const module = await written('own.mjs', '\nexport const call = { c d }\n')
  const program = `import { inProcess } from 'cutover/hosts'
    const runtime = inProcess({ module: '${module}' }).provision({ id: 'a', version: '1.0.0' })
    runtime.watchEvents().subscribe(({ error }) => {
      console.log(error.message)
      process.exit()
    })
    runtime.start()`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  expect(output).toContain(`${join(folder, 'own.mjs')}:2: Unexpected identifier 'd'.`)
})
