import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('docs/glossary.md defines ten words, in at most 60 words each', () => {
  const rows = [...readFileSync('docs/glossary.md', 'utf8').matchAll(/^\| \*\*(.+?)\*\* \| (.+) \|$/gm)]
  expect(rows).toHaveLength(10)
  expect(rows.filter(([, , meaning]) => (meaning ?? '').split(' ').length > 60)).toEqual([])
})
