import { execFile } from 'node:child_process'
import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { RuntimeEvent } from 'cutover'
import { childProcess, workerThread } from 'cutover/hosts'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Host } from '../../fixtures/inProcessHost.js'
import { Noted } from '../../fixtures/noted.js'

let folder = ''
let files = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-modules-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A module file with this text. */
async function file(text: string, name = `module${++files}.mjs`): Promise<URL> {
  const path = join(folder, name)
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
  return pathToFileURL(path)
}

function replace(module: URL, text: string): Promise<URL> {
  return file(text, basename(module.pathname))
}

/** A runtime of a module file, with what it was heard to say. */
class FileHost extends Host {
  readonly heard = new Noted<string>()

  constructor(module: URL | string, version = '1.0.0', localConfig: Readonly<Record<string, unknown>> = {}) {
    super(undefined, { module }, { version, localConfig })
    this.runtime.watchEvents().subscribe(({ type }) => this.heard.add(type))
  }

  async up(): Promise<this> {
    this.runtime.start()
    await this.heard.first(type => type === 'started')
    return this
  }
}

const STATEFUL = `
let rate
let open = false
export const start = ({ localConfig }) => { rate = localConfig.rate; open = true }
export const stop = () => { open = false }
export const call = request => open ? request + ': ' + rate : 'the pool is closed'
`

describe('A module file in this process', () => {
  it('has an instance of its own for each version: neither the start nor the stop of one touches another', async () => {
    const module = await file(STATEFUL)
    const one = await new FileHost(module, '1.0.0', { rate: 0.19 }).up()
    const two = await new FileHost(module, '2.0.0', { rate: 0.21 }).up()
    expect([await one.runtime.call('rate'), await two.runtime.call('rate')]).toEqual(['rate: 0.19', 'rate: 0.21'])
    await one.runtime.stop()
    expect(await two.runtime.call('rate')).toBe('rate: 0.21')
    expect(two.logs).toEqual([])
    await two.runtime.stop()
  })

  it('has an instance of its own for each runtime of one version, too', async () => {
    const module = await file(STATEFUL)
    const one = await new FileHost(module, '1.0.0', { rate: 1 }).up()
    const other = await new FileHost(module, '1.0.0', { rate: 2 }).up()
    expect([await one.runtime.call('rate'), await other.runtime.call('rate')]).toEqual(['rate: 1', 'rate: 2'])
    await Promise.all([one.runtime.stop(), other.runtime.stop()])
  })

  it('that was replaced at its path runs the new code for the next version', async () => {
    const module = await file("export const call = () => 'old'")
    const one = await new FileHost(module).up()
    await replace(module, "export const call = () => 'new'")
    const two = await new FileHost(module, '2.0.0').up()
    expect([await one.runtime.call('?'), await two.runtime.call('?')]).toEqual(['old', 'new'])
    await Promise.all([one.runtime.stop(), two.runtime.stop()])
  })

  it('keeps its instance when it is restarted, and its start runs again', async () => {
    const module = await file(
      'let starts = 0; export const start = () => { starts++ }; export const call = () => starts',
    )
    const host = await new FileHost(module).up()
    for (let i = 0; i < 3; i++) await host.runtime.abort({ force: true })
    expect(await host.runtime.call('?')).toBe(4)
    await host.runtime.stop()
  })

  it('that has changed gets a new instance when it is restarted, as in a thread', async () => {
    const module = await file(
      'let starts = 0; export const start = () => { starts++ }; export const call = () => starts',
    )
    const host = await new FileHost(module).up()
    await utimes(module, new Date(0), new Date(0))
    await host.runtime.abort({ force: true })
    expect(await host.runtime.call('?')).toBe(1)
    await host.runtime.stop()
  })

  it.each([
    ['threw once', () => Promise.reject(new Error('not yet')), /not yet/],
    ['never ended', () => new Promise(() => {}), /did not load or connect within 10000 ms/],
  ])('whose top level %s recovers with the next launch', async (_, first, message) => {
    onTestFinished(() => void vi.unstubAllGlobals())
    const evaluated = new Noted<string>()
    vi.stubGlobal('topLevel', (url: string) => {
      evaluated.add(url)
      return evaluated.all.length === 1 ? first() : undefined
    })
    const host = new FileHost(await file("await topLevel(import.meta.url); export const call = () => 'up'"))
    const failed = host.heard.first(type => type === 'failedToStart')
    host.runtime.start()
    await evaluated.count(1)
    if (message.test('did not load or connect within 10000 ms')) host.clock.increment(10_000)
    await failed
    expect(host.events[0]).toMatch(message)
    // Until it is given up, and until the next launch.
    for (const wait of [1_000, 500]) host.clock.increment(wait)
    expect(await host.runtime.call('?')).toBe('up')
    await host.runtime.stop()
  })

  it('that has a syntax error runs at the next attempt after it is mended', async () => {
    const module = await file('export const call = (')
    const host = new FileHost(module)
    host.runtime.start()
    await host.heard.first(type => type === 'failedToStart')
    await replace(module, "export const call = () => 'mended'")
    host.clock.increment(500)
    expect(await host.runtime.call('?')).toBe('mended')
    await host.runtime.stop()
  })

  it.each([
    ['has no function "call"', 'export const calls = 1'],
    ['does not exist yet', undefined],
  ])('that %s runs after it is mended and a restart is forced', async (_, broken) => {
    const module = pathToFileURL(join(folder, `module${++files}.mjs`))
    if (broken !== undefined) await replace(module, broken)
    const host = new FileHost(module)
    host.runtime.start()
    await host.heard.first(type => type === 'failedToStart')
    await replace(module, "export const call = () => 'mended'")
    await host.runtime.abort({ force: true })
    expect(await host.runtime.call('?')).toBe('mended')
    await host.runtime.stop()
  })

  it('may be a data URL, whose data stay unchanged', async () => {
    const module =
      'data:text/javascript,let n; export const start = c => { n = c.version }; export const call = () => n'
    const [one, two] = await Promise.all([new FileHost(module).up(), new FileHost(module, '2.0.0').up()])
    expect([await one.runtime.call('?'), await two.runtime.call('?')]).toEqual(['1.0.0', '2.0.0'])
    await Promise.all([one.runtime.stop(), two.runtime.stop()])
  })

  it('whose path is relative is looked for in the working directory of provision() alone', async () => {
    const host = new FileHost(basename((await file("export const call = () => 'another file'")).pathname))
    const failures: RuntimeEvent[] = []
    host.runtime.watchEvents().subscribe(event => failures.push(event))
    // process.chdir() would move every test of this process, and a thread has none.
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(folder)
    onTestFinished(() => cwd.mockRestore())
    host.runtime.start()
    await host.heard.first(type => type === 'failedToStart')
    expect(failures).toMatchObject([{ type: 'failedToStart', final: true }])
    await host.runtime.stop()
  })

  it('that looks like a URL but is invalid is refused at once', () => {
    expect(() => new FileHost('http://[')).toThrow(/Option "module" must be a URL or a path, got "http:\/\/\["/)
  })
})

/** The answers of two versions of each file in a program of Node.js, so that Node.js and not Vitest loads them. */
async function inProgram(...modules: readonly URL[]) {
  const args = ['test/fixtures/processes/sharesModules.mjs', ...modules.map(({ href }) => href)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as { answers: string[]; warnings: { sharedWith: string; message: string }[] }[]
}

const TELLS_VERSION = 'let n; export const start = c => { n = c.version }; export const call = () => n'

describe('In a program of Node.js', () => {
  it("the module sees its version in import.meta.url, after the user's own query and before the hash", async () => {
    const module = await file('export const call = () => import.meta.url')
    const [seen] = await inProgram(new URL('?tenant=a%20b&flag#part', module))
    for (const [i, answer] of (seen?.answers ?? []).entries()) {
      expect(answer.startsWith(`${module}?tenant=a%20b&flag&cutover=${i + 1}.0.0-`)).toBe(true)
      expect(answer).toMatch(/-[0-9a-f]{12}#part$/)
    }
    expect(seen?.answers).toHaveLength(2)
    expect(seen?.warnings).toEqual([])
  })

  it.each([
    [
      'A CommonJS file that exports by name',
      'byName.cjs',
      'let n; exports.start = c => { n = c.version }; exports.call = () => n',
    ],
    [
      'A CommonJS file that exports an object',
      'object.cjs',
      'let n; module.exports = { start(c) { n = c.version }, call: () => n }',
    ],
    ['A file that only re-exports', 'reexports.mjs', "export * from './impl.mjs'"],
  ])('%s is shared by two versions, and a warning says so, not when it is restarted', async (_, name, text) => {
    await file(TELLS_VERSION, 'impl.mjs')
    const [seen] = await inProgram(await file(text, name))
    expect(seen).toEqual({
      answers: ['2.0.0', '2.0.0'],
      warnings: [{ sharedWith: 'shared 1.0.0', message: expect.stringMatching(/shares its state.*CommonJS.*thread/) }],
    })
  })

  it('an instance that each version makes itself does not count as shared', async () => {
    await file(
      'export class Rules { start(c) { this.version = c.version } call() { return this.version } }',
      'rules.mjs',
    )
    const own = await file("import { Rules } from './rules.mjs'; export default new Rules()")
    expect(await inProgram(own, await file(TELLS_VERSION))).toEqual([
      { answers: ['1.0.0', '2.0.0'], warnings: [] },
      { answers: ['1.0.0', '2.0.0'], warnings: [] },
    ])
  })
})

describe.each([
  ['in a thread', workerThread],
  ['in a process', childProcess],
] as const)('A module file %s', (_, host) => {
  it('that was replaced at its path runs the new code for the next version', async () => {
    const module = await file("export const call = () => 'old'")
    const runtimeOf = (version: string) => host({ module }).provision<string, string>({ id: 'echo', version })
    const [one, two] = [runtimeOf('1.0.0'), runtimeOf('2.0.0')]
    one.start()
    expect(await one.call('?')).toBe('old')
    await replace(module, "export const call = () => 'new'")
    two.start()
    expect([await one.call('?'), await two.call('?')]).toEqual(['old', 'new'])
    await Promise.all([one.stop(), two.stop()])
  })
})
