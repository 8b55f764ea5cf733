import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** The files of the package, as `npm publish` would upload them. */
const packed = packedFiles()
const pages = packed.filter(file => file.endsWith('.md') && !file.startsWith('dist/'))

describe('The packed package', () => {
  it('has the README, the changelog, and every page of docs/', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/aggregate.md']))
    expect(pages.some(page => page.startsWith('docs/decisions/'))).toBe(true)
    expect(pages.some(page => page.startsWith('docs/machines/'))).toBe(true)
  })

  it.each(pages)('has what every relative link of %s leads to', page => {
    expect(brokenLinksOf(page)).toEqual([])
  })

  it.each(pages)('has the sections that the links of %s lead to', page => {
    const targets = linksOf(page)
      .filter(({ section }) => section !== '')
      .map(({ path, section }) => ({ page: path === '' ? page : join(dirname(page), path), section }))
    expect(targets.filter(({ page, section }) => !sectionsOf(page).has(section))).toEqual([])
  })

  it('has no page that the links of the README do not reach', () => {
    const reached = reachedFrom('README.md')
    expect(pages.filter(page => !reached.has(page))).toEqual([])
  })
})

interface Link {
  /** Relative to the page; empty for a section of the page itself. */
  readonly path: string
  readonly section: string
}

function linksOf(page: string): Link[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^```.*?^```/gms, '')
  return [...text.matchAll(/\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)/g)].map(([, path = '', section = '']) => ({
    path,
    section,
  }))
}

/** The targets of a page's relative links that are not in the package. */
function brokenLinksOf(page: string): string[] {
  const targets = linksOf(page).map(({ path }) => (path === '' ? page : join(dirname(page), path)))
  return targets.filter(target => !isPacked(target))
}

function isPacked(path: string): boolean {
  return packed.some(file => file === path || file.startsWith(`${path}/`))
}

/** The pages that links lead to, directly or through other pages. A link to a folder leads to all its pages. */
function reachedFrom(start: string): ReadonlySet<string> {
  const reached = new Set([start])
  for (const page of reached) {
    const targets = linksOf(page).map(({ path }) => join(dirname(page), path))
    for (const target of targets) {
      for (const other of pages) if (other === target || other.startsWith(`${target}/`)) reached.add(other)
    }
  }
  return reached
}

/** The anchors that GitHub and npm make of a page's headings. */
function sectionsOf(page: string): ReadonlySet<string> {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)
  return new Set(
    [...headings].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

function packedFiles(): string[] {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const output = execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const [{ files }] = JSON.parse(output) as [{ files: readonly { path: string }[] }]
  return files.map(({ path }) => path)
}
