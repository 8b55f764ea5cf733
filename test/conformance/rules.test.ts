import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, it } from 'vitest'

/** The rules of `docs/semantics.md`: their numbers, and the test files that each links. */
const rules = readFileSync('docs/semantics.md', 'utf8')
  .split(/^(?=\d+\. |## )/m)
  .flatMap(text => {
    const number = /^(\d+)\. \*\*/.exec(text)?.[1]
    const links = [...text.matchAll(/\]\(\.\.\/(test\/[^)]+)\)/g)].map(match => match[1] ?? '')
    return number === undefined ? [] : [{ number: Number(number), links }]
  })

const NUMBERS = Array.from({ length: 33 }, (_, i) => i + 1)

/** Which rules the titles of a test file carry. */
function carriedBy(path: string): Set<number> {
  return new Set([...readFileSync(path, 'utf8').matchAll(/['"`]S(\d+)(?:: \S|['"`])/g)].map(match => Number(match[1])))
}

it('The rules of docs/semantics.md are numbered from 1 to 33, and each links a test', () => {
  expect(rules.map(({ number }) => number)).toEqual(NUMBERS)
  expect(rules.filter(({ links }) => links.length === 0)).toEqual([])
})

it.each(rules)('Each test file that rule $number links has a test that carries its number', ({ number, links }) => {
  expect(links.filter(path => !carriedBy(path).has(number))).toEqual([])
})

it('No test carries the number of a rule that does not link its file', () => {
  const files = readdirSync('test/conformance').filter(file => file.endsWith('.test.ts') && !file.startsWith('rules.'))
  const astray = files.flatMap(file => {
    const linked = rules.filter(({ links }) => links.some(path => basename(path) === file))
    const known = new Set(linked.map(({ number }) => number))
    return [...carriedBy(`test/conformance/${file}`)]
      .filter(rule => !known.has(rule))
      .map(rule => `S${rule} in ${file}`)
  })
  expect(astray).toEqual([])
})

it('Comments of the library name rules, and rules that are there', () => {
  const folders = ['src', 'machines']
  const files = folders.flatMap(folder =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(file => `${folder}/${file}`),
  )
  const text = files.filter(file => file.endsWith('.ts')).map(file => readFileSync(file, 'utf8'))
  const cited = text.flatMap(source => [...source.matchAll(/\brules? (\d+)(?:(?: to|,| and) (\d+))*/g)])
  expect(cited.length).toBeGreaterThan(10)
  expect(cited.flatMap(([all]) => [...all.matchAll(/\d+/g)].map(Number)).filter(n => !NUMBERS.includes(n))).toEqual([])
  expect(text.filter(source => /\bdesign lines?\b|\(S\d+\b/i.test(source))).toEqual([])
})
