import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { explainTypeScript, importFile } from '../../src/module/importFile.js'
import { locateSyntaxError } from '../../src/module/syntaxError.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { directory } from '../fixtures/system.js'

const MODULE = new URL('file:///app/rules.ts')
const COMPILE =
  'compile the module to JavaScript, or register a compiler such as tsx (execArgv in threads and processes)'
const failure = (code: string, message: string) => Object.assign(new TypeError(message), { code })

describe('An error of Node.js about TypeScript', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-modules-'))
  for (const name of ['a.ts', 'b.mts', 'c.cts']) writeFileSync(join(folder, name), '')
  afterAll(() => rmSync(folder, { recursive: true }))

  const extension = (name: string) => failure('ERR_UNKNOWN_FILE_EXTENSION', `Unknown file extension "${name}"`)
  const missing = (path: string, from: string) =>
    failure('ERR_MODULE_NOT_FOUND', `Cannot find module '${join(folder, path)}' imported from ${join(folder, from)}`)
  const REMOVES = 'Node.js removes types and compiles nothing: avoid enums, namespaces and parameter properties'
  const named = (name: string) =>
    `Import ${join(folder, name)} by that name (allowImportingTsExtensions in tsconfig.json), ${COMPILE}.`

  it.each([
    ['JSX', extension('.jsx'), `Node.js does not load JSX: ${COMPILE}.`],
    ['JSX with types', extension('.tsx'), `Node.js does not load JSX: ${COMPILE}.`],
    [
      'syntax that has to be compiled',
      failure('ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX', 'no enum'),
      `${REMOVES}, ${COMPILE}.`,
    ],
    [
      'a package with types',
      failure('ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING', 'not there'),
      `Node.js loads only JavaScript from node_modules: ${COMPILE}.`,
    ],
    ['an import of .js', missing('a.js', 'rules.ts'), named('a.ts')],
    ['an import of .mjs', missing('b.mjs', 'rules.mts'), named('b.mts')],
    ['an import of .cjs', missing('c.cjs', 'rules.cts'), named('c.cts')],
  ])('says what to do: %s', (_, cause, remedy) => {
    expect(explainTypeScript(cause, MODULE)).toMatchObject({
      code: 'CUTOVER_START_FAILED',
      message: `Module file:///app/rules.ts cannot be loaded: ${cause.message}. ${remedy}`,
      cause,
    })
  })

  it.each(['.ts', '.mts', '.cts'])('says how this version of Node.js loads %s', name => {
    const flags = vi.spyOn(process, 'allowedNodeEnvironmentFlags', 'get')
    onTestFinished(() => flags.mockRestore())
    const explained = (...known: readonly string[]) => {
      flags.mockReturnValue(new Set(known))
      return (explainTypeScript(extension(name), MODULE) as Error).message
    }
    const version = `Node.js ${process.versions.node}`
    expect(explained('--experimental-strip-types')).toContain(
      `${version} loads TypeScript with --experimental-strip-types (a process gets it by execArgv). Use that, ${COMPILE}.`,
    )
    expect(explained('--inspect')).toContain(
      `${version} does not load TypeScript. Use Node.js 22.18 or later, ${COMPILE}.`,
    )
  })

  it.each([
    ['another extension', extension('.css')],
    ['an import of a file that is not there at all', missing('d.js', 'rules.ts')],
    ['an import from a file of JavaScript', missing('a.js', 'rules.js')],
    ['an import from a file of another type', missing('a.js', 'rules.tsx')],
    ['an import of a package', failure('ERR_MODULE_NOT_FOUND', "Cannot find package 'a' imported from /b.ts")],
    ['an error without a code', new Error('.ts')],
    ['no error', undefined],
    ['a text', 'no'],
  ])('stays as it is if it is about something else: %s', (_, error) => {
    expect(explainTypeScript(error, MODULE)).toBe(error)
  })
})

/** A syntax error as Node.js makes it, with this stack below its first line. */
function syntaxError(stack: string, message = 'Unexpected token'): SyntaxError {
  return Object.assign(new SyntaxError(message), { stack })
}

describe('A syntax error', () => {
  const LOADER = '    at compileSourceTextModule (node:internal/modules/esm/utils:338:16)\n'
  const anonymous = (message: string) => syntaxError(`SyntaxError: ${message}\n${LOADER}`, message)

  it.each([
    ['a path', '/app/a.cjs:3\nexports.a = {\n', '/app/a.cjs:3'],
    ['a URL', 'file:///app/a.mjs:12\nconst a = {\n', '/app/a.mjs:12'],
    ['a URL with a query', 'file:///app/a.mjs?cutover=1.0.0-abc:7\nconst a = {\n', '/app/a.mjs:7'],
  ])('is at the file and the line that its stack begins with: %s', async (_, stack, location) => {
    expect(await locateSyntaxError(syntaxError(stack), MODULE)).toBe(location)
  })

  it('is looked for in the files that the module imports', async () => {
    const folder = directory()
    mkdirSync(join(folder, 'b'))
    const write = (name: string, text: string) => {
      writeFileSync(join(folder, name), text)
      return pathToFileURL(join(folder, name))
    }
    const module = write('a.mjs', "import './missing.mjs'\nexport * from './b/b.mjs'\nimport fs from 'node:fs'\n")
    write('b/b.mjs', 'import \'../a.mjs\'; import { c } from "../c.mjs"\n')
    write('c.mjs', '\n\nexport const c = { d e }\n')
    const error = anonymous("Unexpected identifier 'e'")
    expect(await locateSyntaxError(error, module)).toBe(`${join(folder, 'c.mjs')}:3`)
    expect(await locateSyntaxError(error, new URL('?cutover=1#a', module))).toBe(`${join(folder, 'c.mjs')}:3`)
    expect(await locateSyntaxError(anonymous('Unexpected end of input'), module)).toBe(undefined)
  })

  it.each([
    ['is found in the twentieth file', 18, 'c.mjs:1'],
    ['is not looked for in the file after that', 19, undefined],
  ])('%s', async (_, others, place) => {
    const folder = directory()
    // No process can be started for a path with a NUL: these files count, and take no time.
    const imports = Array.from({ length: others }, (_, i) => `import './%00${i}.mjs'\n`)
    writeFileSync(join(folder, 'a.mjs'), `${imports.join('')}import './c.mjs'\n`)
    writeFileSync(join(folder, 'c.mjs'), 'const c = { d e }\n')
    const found = await locateSyntaxError(anonymous("Unexpected identifier 'e'"), pathToFileURL(join(folder, 'a.mjs')))
    expect(found).toBe(place && join(folder, place))
  })

  it('is looked for behind an import that is the first thing in its file', async () => {
    const folder = directory()
    writeFileSync(join(folder, 'a.mjs'), "import './c.mjs'")
    writeFileSync(join(folder, 'c.mjs'), 'const c = { d e }\n')
    const error = anonymous("Unexpected identifier 'e'")
    expect(await locateSyntaxError(error, pathToFileURL(join(folder, 'a.mjs')))).toBe(join(folder, 'c.mjs:1'))
  })

  it.each([
    ['no error', undefined],
    ['another error', Object.assign(new TypeError('no'), { stack: '/app/a.mjs:3\n' })],
    ['one that JSON.parse() throws', syntaxError('SyntaxError: no\n    at JSON.parse (<anonymous>)\n')],
    [
      'one that JSON.parse() throws at the top level of a file',
      syntaxError('SyntaxError: no\n    at JSON.parse (<anonymous>)\n    at file:///app/a.mjs:3:10\n'),
    ],
    ['one without a stack', Object.assign(new SyntaxError('no'), { stack: undefined })],
    ['one with a stack below the loader', syntaxError(`SyntaxError: no\n    at JSON.parse (<anonymous>)\n${LOADER}`)],
  ])('has no location: %s', async (_, error) => {
    expect(await locateSyntaxError(error, new URL(import.meta.url))).toBe(undefined)
  })

  it('that the module throws while it runs has no location, though its file has such an error', async () => {
    const path = join(directory(), 'a.mjs')
    writeFileSync(path, 'const a = { d e }\n')
    const message = "Unexpected identifier 'e'"
    const thrown = syntaxError(`SyntaxError: ${message}\n    at JSON.parse (<anonymous>)\n`, message)
    expect(await locateSyntaxError(thrown, pathToFileURL(path))).toBe(undefined)
    expect(await locateSyntaxError(anonymous(message), pathToFileURL(path))).toBe(`${path}:1`)
  })

  it('of a file that cannot be checked has no location', async () => {
    expect(await locateSyntaxError(anonymous('no'), new URL('file:///a%00b.mjs'))).toBe(undefined)
  })

  it('of a module that is no file has no location', async () => {
    expect(await locateSyntaxError(syntaxError('/app/a.mjs:3\n'), new URL('data:text/javascript,{'))).toBe(undefined)
  })
})

describe('An import', () => {
  /** A module that throws an error with these fields. */
  const throwing = (fields: object) =>
    new URL(`data:text/javascript,throw Object.assign(new Error(), ${encodeURIComponent(JSON.stringify(fields))})`)

  it('gives what the file exports, and rejects with what it throws', async () => {
    expect(await importFile(new URL('data:text/javascript,export const a = 1'))).toMatchObject({ a: 1 })
    expect(await rejectionOf(importFile(new URL('data:text/javascript,throw 1')))).toBe(1)
    expect(await rejectionOf(importFile(throwing({ message: 'no disk' })))).toMatchObject({ message: 'no disk' })
  })

  it('names its file in an error about TypeScript, and in a syntax error', async () => {
    const code = 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
    const unsupported = throwing({ code, message: 'no enum' })
    expect(await rejectionOf(importFile(unsupported, MODULE))).toMatchObject({
      message: expect.stringMatching(/^Module file:\/\/\/app\/rules\.ts cannot be loaded: no enum\. Node\.js removes/),
    })
    expect(await rejectionOf(importFile(unsupported))).toMatchObject({
      message: expect.stringContaining('Module data:'),
    })
    const invalid = throwing({ name: 'SyntaxError', message: 'Unexpected }', stack: '/app/rules.ts:7\n}' })
    expect(await rejectionOf(importFile(invalid, MODULE))).toMatchObject({
      code: 'CUTOVER_START_FAILED',
      message: 'Module file:///app/rules.ts cannot be loaded. /app/rules.ts:7: Unexpected }.',
      cause: { message: 'Unexpected }' },
    })
  })
})
