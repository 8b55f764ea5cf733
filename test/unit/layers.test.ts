import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

/** From the bottom up; a file may import its own layer and those before it. */
const LAYERS: readonly (readonly [name: string, files: RegExp])[] = [
  ['machines', /^machines\//],
  [
    'foundations',
    /^src\/(errors|version|runtime|validate|logger|inspection|clock|abortListeners|attempt|flights|waiting|safeObservable|thenable|socketName|printable|stack|callTimeout|realms)\.ts$|^src\/support\//,
  ],
  ['module', /^src\/module\//],
  ['protocol', /^src\/protocol\//],
  ['guest', /^src\/guest\//],
  ['data plane', /^src\/(router|events)\.ts$/],
  ['hosts', /^src\/hosts\//],
  ['options', /^src\/options\.ts$/],
  ['aggregate', /^src\/(hosted|route|progress|refusals|control|status|aggregate)\.ts$/],
  ['inspector', /^src\/inspect\/(?!page\/)/],
  ['inspector page', /^src\/inspect\/page\//],
  ['faces', /^src\/(index\.ts|testing\/)/],
]

const files = ['machines', 'src'].flatMap(folder =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => join(folder, file)),
)

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*['"`]([^'"`]+)['"`]/g)].map(
    match => match[1] ?? '',
  )
}

const layerOf = (file: string) => LAYERS.findIndex(([, pattern]) => pattern.test(file))

describe('imports', () => {
  it('Every file belongs to one layer', () => {
    expect(files.filter(file => LAYERS.filter(([, pattern]) => pattern.test(file)).length !== 1)).toEqual([])
  })

  it.each(files)('%s imports only its own layer and those below it', file => {
    const local = importsOf(file).filter(specifier => specifier.startsWith('.'))
    const targets = local.map(specifier => relative('.', join(dirname(file), specifier)).replace(/\.js$/, '.ts'))
    expect(targets.filter(target => layerOf(target) > layerOf(file))).toEqual([])
    expect(targets.filter(target => target === 'src/index.ts' || target.startsWith('src/testing/'))).toEqual(
      file.startsWith('src/testing/') ? targets.filter(target => target.startsWith('src/testing/')) : [],
    )
  })

  it('Machines import xstate and each other, and nothing else', () => {
    const machines = files.filter(file => file.startsWith('machines/'))
    const others = machines.flatMap(importsOf).filter(specifier => !/^(xstate$|\.\/\w+\.js$)/.test(specifier))
    expect(others).toEqual([])
  })

  it('A host knows the supervisor, and no machine of the aggregate', () => {
    const hosts = files.filter(file => file.startsWith('src/hosts/'))
    expect(hosts.filter(file => /aggregateMachine|versionMachine/.test(readFileSync(file, 'utf8')))).toEqual([])
  })

  it('Only src/version.ts imports semver', () => {
    const isOfSemver = (name: string) => name === 'semver' || name.startsWith('semver/')
    expect(files.filter(file => importsOf(file).some(isOfSemver))).toEqual(['src/version.ts'])
  })

  it('A timer, the process and an import from src do not compile in machines/', () => {
    const check = () =>
      execFileSync('node_modules/.bin/tsc', ['-p', 'test/fixtures/impureMachine'], { encoding: 'utf8', stdio: 'pipe' })
    let output = ''
    try {
      check()
    } catch (error) {
      output = (error as { stdout: string }).stdout
    }
    expect(output).toMatch(/timer\.ts.*Cannot find name 'setTimeout'/)
    expect(output).toMatch(/process\.ts.*Cannot find name 'process'/)
    expect(output).toMatch(/source\.ts.*(TS6059|TS6307|rootDir)/s)
  })
})
