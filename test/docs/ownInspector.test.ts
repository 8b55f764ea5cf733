import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { expect, it, onTestFinished } from 'vitest'

const page = readFileSync('docs/inspecting.md', 'utf8')

it('The example in docs/inspecting.md is docs/examples/inspector.ts, serves its page until Ctrl+C, and ends', async () => {
  expect(page).toContain(`\`\`\`ts\n${readFileSync('docs/examples/inspector.ts', 'utf8')}\`\`\``)
  const child = spawn(process.execPath, ['dist/docs/examples/inspector.js'], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/)
  expect((await fetch(url)).status).toBe(200)
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([0, null])
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
