import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string; exports: object }
const policy = readFileSync('docs/stability.md', 'utf8')
const changelog = readFileSync('CHANGELOG.md', 'utf8')

/** The rows of the policy: entry and status. */
const rows = [...policy.matchAll(/^\| `(cutover[\w/]*)` \| (stable|experimental) \|/gm)].map(
  ([, entry = '', status]) => ({
    entry,
    status,
  }),
)
const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']

describe('The policy of stability', () => {
  it('has one row for each entry of the package', () => {
    const entries = Object.keys(manifest.exports).filter(entry => !entry.endsWith('.json'))
    expect(rows.map(({ entry }) => entry).toSorted()).toEqual(
      entries.map(entry => entry.replace('.', 'cutover')).toSorted(),
    )
  })

  it.each([
    'cutover',
    ...['machines', 'hosts', 'guest', 'protocol', 'testing', 'inspect'].map(name => `cutover/${name}`),
  ])('keeps %s stable', entry => {
    expect(rows).toContainEqual({ entry, status: 'stable' })
  })

  it('An entry says that it is experimental exactly where the policy says so', () => {
    const sourceOf = (entry: string) =>
      entry === 'cutover/machines' ? 'machines/index.ts' : `${entry.replace('cutover', 'src')}/index.ts`
    const libraries = rows.filter(({ entry }) => !entry.startsWith('cutover/guest/'))
    const heads = libraries.map(({ entry }) => readFileSync(sourceOf(entry), 'utf8').split('*/')[0] ?? '')
    const said = heads.map(head => (/\bexperimental\b/i.test(head) ? 'experimental' : 'stable'))
    expect(said).toEqual(libraries.map(({ status }) => status))
  })
})

describe('The changelog', () => {
  it('begins with what is not released yet, or with the version of the package', () => {
    const [, first] = /^## (\S+)/m.exec(changelog) ?? []
    expect(['Unreleased', manifest.version]).toContain(first)
  })

  it('has only sections of known kinds, each at most once in a release, and one entry a line', () => {
    for (const release of changelog.split(/^## /m).slice(1)) {
      const kinds = [...release.matchAll(/^### (.+)$/gm)].map(([, kind]) => kind)
      expect(kinds).toEqual(KINDS.filter(kind => kinds.includes(kind)))
      const lines = release
        .split('\n')
        .slice(1)
        .filter(line => line !== '' && !line.startsWith('### '))
      expect(lines.filter(line => !/^(- | {2})\S/.test(line))).toEqual([])
    }
  })
})

describe('The packed files', () => {
  const list = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' })
  const [{ files }] = JSON.parse(list) as [{ files: { path: string }[] }]
  const paths = files.map(({ path }) => path)

  it('hold what a user reads, what runs, and the licences of both', () => {
    const needed = ['CHANGELOG.md', 'LICENSE', 'README.md', 'docs/stability.md', 'docs/recipes/esbuild.md']
    const licences = ['dist/guest/licenses.md', 'dist/page/licenses.md']
    const programs = ['dist/guest/process.js', 'dist/guest/worker.js', 'dist/lib/index.js', 'dist/page/page.js']
    expect([...needed, ...licences, ...programs].filter(path => !paths.includes(path))).toEqual([])
  })

  it('hold no tests but those of the rules, no text of the guest program by itself, and nothing that is not built for use', () => {
    const others = paths.filter(path => /^(\.|dist\/(test|docs|guestText)\/|node_modules\/)|\.tsbuildinfo$/.test(path))
    expect(others).toEqual([])
    expect(paths.filter(path => /^test\/(?!conformance\/)/.test(path))).toEqual([
      'test/fixtures/guest.py',
      'test/fixtures/streaming_guest.py',
    ])
  })
})
