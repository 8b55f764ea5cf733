import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Each folder, and those that it may import, besides `machines`. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  machines: [],
  'src/support': [],
  'src/contract': ['src/support'],
  'src/streams': ['src/contract', 'src/support'],
  'src/calls': ['src/contract', 'src/support', 'src/streams'],
  'src/module': ['src/contract', 'src/support', 'src/streams'],
  'src/protocol': ['src/contract', 'src/support', 'src/streams'],
  'src/guest': ['src/contract', 'src/support', 'src/module', 'src/protocol'],
  'src/hosts': ['src/contract', 'src/support', 'src/streams', 'src/calls', 'src/module', 'src/protocol'],
  'src/aggregate': ['src/contract', 'src/support', 'src/calls'],
  'src/composite': ['src/contract', 'src/support', 'src/streams', 'src/calls', 'src/aggregate'],
  'src/rollout': ['src/contract', 'src/support', 'src/calls', 'src/aggregate'],
  'src/http': ['src/contract', 'src/support', 'src/streams'],
  'src/inspect': ['src/contract', 'src/support', 'src/aggregate', 'src/rollout'],
  'src/serve': [
    'src/contract',
    'src/support',
    'src/aggregate',
    'src/hosts',
    'src/http',
    'src/inspect',
    'src/rollout',
    'src/fleet',
  ],
  'src/fleet': [
    'src/contract',
    'src/support',
    'src/streams',
    'src/calls',
    'src/module',
    'src/protocol',
    'src/hosts',
    'src/guest',
    'src/aggregate',
    'src/rollout',
  ],
  'src/otel': ['src/contract'],
  'src/testing': ['src/contract', 'src/support', 'src/aggregate', 'src/hosts', 'src/module'],
  src: ['src/contract', 'src/streams', 'src/aggregate'],
}
/** A folder is entered here. `internal` is for this library; `index` of the last six is an entry of the package. */
const DOORS = /^(?:machines|src\/\w+)\/(?:index|internal)\.ts$/

interface Import {
  readonly from: string
  readonly to: string
}

const files = ['machines', 'src'].flatMap(folder =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))
    .map(file => join(folder, file)),
)

function specifiersOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*['"`]([^'"`]+)['"`]/g)].map(
    match => match[1] ?? '',
  )
}

function sourceOf(path: string): string {
  const candidates = [path.replace(/\.js$/, '.ts'), path.replace(/\.js$/, '.tsx')]
  return candidates.find(candidate => existsSync(candidate)) ?? path
}

const imports: readonly Import[] = files.flatMap(from =>
  specifiersOf(from)
    .filter(specifier => specifier.startsWith('.'))
    .map(specifier => ({ from, to: sourceOf(relative('.', join(dirname(from), specifier))) })),
)

function folderOf(file: string): string {
  const [top = '', folder = '', ...below] = file.split('/')
  return top === 'src' && below.length > 0 ? `src/${folder}` : top
}

const between = imports.filter(({ from, to }) => folderOf(from) !== folderOf(to))
const arrow = ({ from, to }: Import) => `${from} → ${to}`

/** The imports that close a circle, found by walking from each file. */
function circles(): string[] {
  const targets = new Map(files.map(file => [file, imports.filter(({ from }) => from === file).map(({ to }) => to)]))
  const done = new Set<string>()
  const found: string[] = []
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' → '))
    if (done.has(file) || path.includes(file)) return
    for (const target of targets.get(file) ?? []) walk(target, [...path, file])
    done.add(file)
  }
  for (const file of files) walk(file, [])
  return found
}

describe('imports', () => {
  it('Only index.ts lies loose in src', () => {
    expect(files.filter(file => folderOf(file) === 'src')).toEqual(['src/index.ts'])
  })

  it('Every folder says what it may import', () => {
    expect([...new Set(files.map(folderOf))].sort()).toEqual(Object.keys(MAY_IMPORT).sort())
  })

  it('Imports between folders go one way', () => {
    const isAllowed = ({ from, to }: Import) =>
      folderOf(to) === 'machines' || MAY_IMPORT[folderOf(from)]?.includes(folderOf(to))
    expect(between.filter(each => !isAllowed(each)).map(arrow)).toEqual([])
  })

  it('A folder is entered by its index, or by its internal index', () => {
    expect(between.filter(({ to }) => !DOORS.test(to)).map(arrow)).toEqual([])
  })

  it('No imports go in circles, types and components included', () => {
    expect(circles()).toEqual([])
  })

  it('Machines import xstate and each other, and nothing else', () => {
    const machines = files.filter(file => file.startsWith('machines/'))
    const others = machines.flatMap(specifiersOf).filter(specifier => !/^(xstate$|\.\/\w+\.js$)/.test(specifier))
    expect(others).toEqual([])
  })

  it('A host knows the supervisor, and no machine of the aggregate', () => {
    const hosts = files.filter(file => file.startsWith('src/hosts/'))
    expect(hosts.filter(file => /aggregateMachine|versionMachine/.test(readFileSync(file, 'utf8')))).toEqual([])
  })

  it('Only src/contract/version.ts imports semver', () => {
    const isOfSemver = (name: string) => name === 'semver' || name.startsWith('semver/')
    expect(files.filter(file => specifiersOf(file).some(isOfSemver))).toEqual(['src/contract/version.ts'])
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
