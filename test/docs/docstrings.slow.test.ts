import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const FILES = ['machines', 'src'].flatMap(folder =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    // The inspector's page exports nothing to users.
    .filter(file => file.endsWith('.ts') && !file.startsWith('inspect/page/'))
    .map(file => `${folder}/${file}`),
)
/** The files are searched once for each name. */
const LINES = new Map(FILES.map(path => [path, readFileSync(path, 'utf8').split('\n')]))

/** The entries of the package. */
const ENTRIES = [
  'machines',
  'src',
  'src/composite',
  'src/fleet',
  'src/hosts',
  'src/guest',
  'src/http',
  'src/inspect',
  'src/otel',
  'src/protocol',
  'src/rollout',
  'src/serve',
  'src/testing',
].map(folder => `${folder}/index.ts`)
const PUBLISHED = ENTRIES.flatMap(path =>
  [...readFileSync(path, 'utf8').matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
    .flatMap(([, names]) => (names ?? '').split(','))
    .map(name => name.replace('type ', '').trim())
    .filter(name => name !== ''),
)

/** A public member of an interface or class, except its constructor. */
const MEMBER =
  /^ {2}(?:override |readonly |async |get |declare )*(?!constructor|override)(\w+|\[[\w.]+\])\??(?:[:(]| =)/
const OF_RUNTIME = new Set(membersOf('src/contract/runtime.ts', 'Runtime').map(({ name }) => name))

interface Declared {
  readonly name: string
  readonly at: string
  readonly hasDocstring: boolean
}

function declared(lines: readonly string[], i: number, name: string): Declared {
  const before = lines.slice(0, i).findLast(line => !line.trim().startsWith('// biome-ignore'))
  return { name, at: lines[i]?.trim() ?? '', hasDocstring: before?.endsWith('*/') === true }
}

/** The exported declaration of `name`, with its members if it is an interface or class. */
function membersOf(path: string, name: string): Declared[] {
  const lines = LINES.get(path) ?? []
  const declaration = new RegExp(`^export (?:async )?(?:interface|class|type|const|function) ${name}\\b`)
  const start = lines.findIndex(line => line.startsWith('export ') && declaration.test(line))
  if (start === -1) return []
  const isBlock = /^export (?:interface|class) .*\{$/.test(lines[start] ?? '')
  const end = isBlock ? lines.indexOf('}', start) : start
  const members = lines.slice(start + 1, end).flatMap((line, offset) => {
    const member = MEMBER.exec(line)?.[1]
    return member === undefined ? [] : [declared(lines, start + 1 + offset, member)]
  })
  return [declared(lines, start, name), ...members]
}

it.each(PUBLISHED)('%s has a docstring, and so has each of its members', name => {
  const all = FILES.flatMap(path => membersOf(path, name))
  const isInherited = (member: Declared) => name === 'ControllableRuntime' && OF_RUNTIME.has(member.name)
  const silent = all.filter(it => !it.hasDocstring && !isInherited(it))
  expect(silent.map(({ at }) => at)).toEqual([])
})

it('The search finds every exported name except those of other packages', () => {
  const foreign = ['SimulatedClock']
  const lost = PUBLISHED.filter(name => FILES.every(path => membersOf(path, name).length === 0))
  expect(lost).toEqual(foreign)
})
