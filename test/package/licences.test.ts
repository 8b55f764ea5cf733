import { readFileSync } from 'node:fs'
import { startInspector } from 'cutover/inspect'
import { describe, expect, it } from 'vitest'
import { request } from '../fixtures/inspect/testClient.js'

const packageOf = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as { version: string; license: string }
const elk = packageOf('node_modules/elkjs/package.json')

describe('The licences of what is bundled', () => {
  it('package.json names ours and that of elkjs, whose terms hold for those who pass it on', () => {
    expect(packageOf('package.json').license).toBe('Apache-2.0 AND EPL-2.0')
  })

  it('The script of the page names elkjs, its version, its licence and where its source code is', () => {
    const [head = ''] = readFileSync('dist/page/page.js', 'utf8').split('*/')
    expect(head).toMatch(/^\/\*!/)
    for (const fact of [`elkjs ${elk.version} (EPL-2.0)`, 'https://github.com/kieler/elkjs', 'licenses.md'])
      expect(head).toContain(fact)
  })

  it.each(['dist/guest/process.js', 'dist/guest/worker.js'])('%s says where its notices are', file => {
    expect(readFileSync(file, 'utf8')).toMatch(/^\/\*! .*dist\/guest\/licenses\.md/)
  })

  it('The text of the guest program in cutover/hosts, which bundlers copy, says where its notices are', () => {
    expect(readFileSync('dist/lib/shared/hosts.js', 'utf8')).toMatch(/"\/\*! .*dist\/guest\/licenses\.md/)
  })

  it.each([
    ['dist/guest/licenses.md', ['cborg', 'semver']],
    ['dist/page/licenses.md', ['elkjs', 'preact', 'xstate']],
  ])('%s holds a licence of each package that is bundled', (file, packages) => {
    const entries = readFileSync(file, 'utf8').split(/^## (?=\S+ - [\d.]+ \()/m)
    expect(entries.slice(1).map(entry => entry.split(' ')[0])).toEqual(expect.arrayContaining(packages))
    for (const entry of entries.slice(1)) {
      expect(entry).toMatch(/^\S+ - [\d.]+ \((Apache-2\.0|ISC|MIT|0BSD|EPL-2\.0 OR GPL-3\.0-or-later)\)/)
      expect(entry.length).toBeGreaterThan(400)
    }
  })

  it('The inspector serves /licenses.md without a token, with the source code of elkjs as EPL-2.0 §3.1 demands', async () => {
    await using inspector = await startInspector()
    const { status, headers, body } = await request(new URL('/licenses.md', inspector.url))
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/markdown; charset=utf-8' })
    expect(body).toMatch(/contains elkjs [\d.]+, unchanged, under the Eclipse Public License 2\.0/)
    expect(body).toMatch(/source code of elkjs is\s+available under that licence/)
    expect(body).toContain(`npm package elkjs@${elk.version}`)
  })
})
