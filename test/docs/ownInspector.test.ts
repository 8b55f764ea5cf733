import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const page = readFileSync('docs/inspecting.md', 'utf8')

it('The example in docs/inspecting.md is docs/examples/inspector.ts, prints a URL and ends by itself', () => {
  expect(page).toContain(`\`\`\`ts\n${readFileSync('docs/examples/inspector.ts', 'utf8')}\`\`\``)
  const output = execFileSync(process.execPath, ['dist/docs/examples/inspector.js'], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(output).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}\n$/)
})

it('docs/inspecting.md has a row for every option of startInspector, with the default that its docstring says', () => {
  const source = readFileSync('src/inspect/options.ts', 'utf8')
  const body = source.slice(
    source.indexOf('export interface InspectorOptions'),
    source.indexOf('/** {@link InspectorOptions}'),
  )
  const options = [...body.matchAll(/@default (.+?)(?: \*\/|\n)[\s\S]*?readonly (\w+)\?:/g)]
  expect(options).toHaveLength([...body.matchAll(/readonly \w+\?:/g)].length)
  const rows = new Map([...page.matchAll(/^\| `(\w+)` \| `?(.+?)`? \|/gm)].map(([, name, value]) => [name, value]))
  for (const [, value, name] of options) expect([name, value?.split(',')[0]]).toEqual([name, rows.get(name)])
})
