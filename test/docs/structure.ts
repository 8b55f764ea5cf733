/**
 * `node dist/test/docs/structure.js [ROOT]` counts the structure of `machines/` and `src/` below ROOT, for decision 33: files,
 * imports between folders, circles, and lines. Reads files as text, and needs nothing of ROOT but these.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const root = process.argv[2] ?? '.'
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const files = ['machines', 'src'].flatMap(folder =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))
    .map(file => join(folder, file)),
)

/** `src/hosts` for a file below it, `src` for a loose one. */
function folderOf(file: string): string {
  const [top = '', folder = '', ...below] = file.split('/')
  return top === 'src' && below.length > 0 ? `src/${folder}` : top
}

function targetsOf(file: string): string[] {
  const specifiers = [...read(file).matchAll(/\b(?:from|import)\s*\(?\s*['"`](\.[^'"`]+)\.js['"`]/g)]
  return specifiers.flatMap(([, path = '']) => {
    const target = normalize(join(dirname(file), path))
    return [`${target}.ts`, `${target}.tsx`].filter(candidate => existsSync(join(root, candidate)))
  })
}

/** All nodes that each node reaches. */
function reached(edges: ReadonlyMap<string, readonly string[]>): Map<string, Set<string>> {
  return new Map(
    [...edges.keys()].map(from => {
      const seen = new Set<string>()
      const walk = (node: string): void => {
        for (const next of edges.get(node) ?? []) {
          if (seen.has(next)) continue
          seen.add(next)
          walk(next)
        }
      }
      walk(from)
      return [from, seen]
    }),
  )
}

/** The groups of nodes that reach each other. */
function circlesOf(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const reach = reached(edges)
  const inCircle = [...edges.keys()].filter(node => reach.get(node)?.has(node))
  const groups = inCircle.map(node =>
    inCircle.filter(other => reach.get(node)?.has(other) && reach.get(other)?.has(node)),
  )
  return [...new Map(groups.map(group => [group.join(' '), group])).values()]
}

const edges = new Map(files.map(file => [file, targetsOf(file)]))
const between = [...edges]
  .flatMap(([from, targets]) => targets.map(to => ({ from, to })))
  .filter(({ from, to }) => folderOf(from) !== folderOf(to))
const arrows = [...new Set(between.map(({ from, to }) => `${folderOf(from)} → ${folderOf(to)}`))]
const folders = new Map([...new Set(files.map(folderOf))].map(folder => [folder, [] as string[]]))
for (const arrow of arrows) folders.get(arrow.split(' → ')[0] ?? '')?.push(arrow.split(' → ')[1] ?? '')

const lines = files.flatMap(file => read(file).split('\n')).filter(line => line.trim() !== '')
const comments = lines.filter(line => /^\s*(?:\/\/|\/\*|\*|\{\/\*)/.test(line))
const sizes = files.map(file => read(file).trimEnd().split('\n').length)

console.log({
  files: files.length,
  looseInSrc: files.filter(file => folderOf(file) === 'src').length,
  folders: folders.size,
  arrowsBetweenFolders: arrows.length,
  importsBetweenFolders: between.length,
  importsPastAnIndex: between.filter(({ to }) => !/\/(?:index|internal)\.ts$/.test(to)).length,
  circlesOfFolders: circlesOf(folders).map(group => group.join(', ')),
  circlesOfFiles: circlesOf(edges).map(group => group.join(', ')),
  linesOfCode: lines.length - comments.length,
  linesOfComments: comments.length,
  filesOver300: sizes.filter(size => size > 300).length,
})
