import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const TITLE = /\bit(?:\.each\([\s\S]*?\))?\(\s*['"`]S(\d+): \S/g

it('Each of the 22 lines of the semantics has a test that carries its number', () => {
  const folder = new URL('.', import.meta.url)
  const files = readdirSync(folder).filter(file => file.endsWith('.test.ts'))
  const text = files.map(file => readFileSync(new URL(file, folder), 'utf8')).join('\n')
  const numbers = new Set([...text.matchAll(TITLE)].map(match => Number(match[1])))
  const missing = Array.from({ length: 22 }, (_, i) => i + 1).filter(rule => !numbers.has(rule))
  expect(missing).toEqual([])
  expect([...numbers].every(rule => rule >= 1 && rule <= 22)).toBe(true)
})
