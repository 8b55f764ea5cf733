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
