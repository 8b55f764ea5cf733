import { renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { CallScope, CallScopes } from '../../src/module/callScopes.js'
import { EntryModule, freshUrl } from '../../src/module/entryModule.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { Noted } from '../fixtures/noted.js'
import { directory } from '../fixtures/system.js'

const CONTEXT = new CallScope(new CallScopes(), undefined)
/** A module that answers with the number of its instance. */
const NUMBERED = 'const number = await evaluated(); export const call = () => number'

/** Called by each instance when it is evaluated; gives the number of the instance. */
let evaluate: (number: number) => unknown
let evaluations: number
beforeEach(() => {
  evaluations = 0
  evaluate = number => number
  vi.stubGlobal('evaluated', () => evaluate(++evaluations))
  return () => void vi.unstubAllGlobals()
})

/** A new module file. */
function file(text = NUMBERED): URL {
  const path = join(directory(), 'entry.mjs')
  writeFileSync(path, text)
  return pathToFileURL(path)
}

const data = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`)

/** The module file of one runtime, with what is logged. */
function entryOf(module: URL, version = '1.0.0') {
  const entry = new EntryModule(module, { id: 'markdown', version })
  const warnings: unknown[] = []
  const logger = { debug() {}, info() {}, warn: (...line: unknown[]) => void warnings.push(line), error() {} }
  return {
    warnings,
    load: () => entry.load(logger),
    /** Loads it, and asks for the number of the instance. */
    number: async () => (await entry.load(logger)).call('?', CONTEXT),
  }
}

describe('The module file of a runtime in this process', () => {
  it.each([
    ['is a file', 'file:///a.mjs', /^file:\/\/\/a\.mjs\?cutover=1\.0\.0-[0-9a-f]{12}$/],
    [
      'has a query and a hash',
      'file:///a.mjs?b=c%20d&e#f',
      /^file:\/\/\/a\.mjs\?b=c%20d&e&cutover=1\.0\.0-[0-9a-f]{12}#f$/,
    ],
    ['is data', 'data:text/javascript,1?2', /^data:text\/javascript,1\?2#cutover=1\.0\.0-[0-9a-f]{12}$/],
    ['is data with a hash', 'data:text/javascript,1#f', /^data:text\/javascript,1#f&cutover=1\.0\.0-[0-9a-f]{12}$/],
    ['has another protocol', 'node:path?b#c', /^node:path\?b#c$/],
  ])('gets a URL of its own for each instance, which keeps the given one: it %s', (_, given, expected) => {
    const url = freshUrl(new URL(given), '1.0.0')
    expect(url.href).toMatch(expected)
    if (!given.startsWith('node:')) expect(freshUrl(new URL(given), '1.0.0').href).not.toBe(url.href)
  })

  it('is evaluated once for each runtime', async () => {
    const module = data(NUMBERED)
    const [one, two] = [entryOf(module), entryOf(module)]
    expect([await one.number(), await two.number(), await one.number(), await two.number()]).toEqual([1, 2, 1, 2])
    expect([...one.warnings, ...two.warnings]).toEqual([])
  })

  it('is named by an error about what it exports', async () => {
    const message = expect.stringMatching(/^Module node:path has no function "call"/)
    expect(await rejectionOf(entryOf(new URL('node:path')).load())).toMatchObject({ message })
  })

  it('is evaluated again once its time, its size or its inode has changed, and not otherwise', async () => {
    const module = file()
    const entry = entryOf(module)
    const { number } = entry
    expect([await number(), await number()]).toEqual([1, 1])
    const write = (path: URL, text: string) => {
      writeFileSync(path, text)
      utimesSync(path, new Date(0), new Date(0))
    }
    write(module, NUMBERED)
    expect([await number(), await number()]).toEqual([2, 2])
    write(module, `${NUMBERED} `)
    expect([await number(), await number()]).toEqual([3, 3])
    const copy = new URL('copy.mjs', module)
    write(copy, `${NUMBERED};`)
    renameSync(copy, module)
    expect([await number(), await number()]).toEqual([4, 4])
  })

  it('is evaluated again after that failed', async () => {
    const { load, number } = entryOf(data(NUMBERED))
    evaluate = () => Promise.reject(new Error('not now'))
    expect(await rejectionOf(load())).toMatchObject({ message: 'not now' })
    evaluate = instance => instance
    expect([await number(), await number()]).toEqual([2, 2])
  })

  it('that is loaded anew while an older load is pending keeps the newer instance', async () => {
    const gates = new Noted<() => void>()
    evaluate = instance => new Promise(resolve => gates.add(() => resolve(instance)))
    const { number } = entryOf(data(NUMBERED))
    const older = number()
    await gates.count(1)
    const newer = number()
    await gates.count(2)
    gates.all[1]?.()
    expect(await newer).toBe(2)
    gates.all[0]?.()
    expect([await older, await number()]).toEqual([1, 2])
    expect(evaluations).toBe(2)
  })
})

describe('A module that two runtimes share', () => {
  const SHARED = expect.stringMatching(
    /^the module shares its state with another runtime: .* re-exported file, once per process; run/,
  )

  const implementation = data(`export const call = () => 1 // ${Math.random()}`)
  it.each([
    ['a function of another file', () => data(`export * from '${implementation}'`)],
    ['an object of another file', () => file('export default shared')],
  ])('is logged when the second loads it, not when one loads it again: %s', async (_, make) => {
    vi.stubGlobal('shared', { call: () => 1 })
    const module = make()
    const [one, two] = [entryOf(module), entryOf(module, '2.0.0')]
    await one.load()
    await one.load()
    await two.load()
    await two.load()
    expect(one.warnings).toEqual([])
    expect(two.warnings).toEqual([[{ module: module.href, sharedWith: 'markdown 1.0.0' }, SHARED]])
  })
})
