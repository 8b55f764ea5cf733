import { readFileSync } from 'node:fs'
import { decode } from 'cborg'
import { expect, it } from 'vitest'
import { frame, guestPy, type WireMessage } from '../fixtures/compliance/guestProcess.js'

/** The guide, the reference, and streams. */
const page = ['docs/protocol.md', 'docs/protocol-reference.md', 'docs/protocol-streams.md']
  .map(path => readFileSync(path, 'utf8'))
  .join('\n')

const examples = [...page.matchAll(/^```json\n(.*?)^```\n+```hex\n(.*?)^```/gms)].map(
  ([, message = '', dump = '']) => [message.trim(), dump] as const,
)

/** The bytes of an annotated dump: on each line, the text before two spaces. */
const bytesOf = (dump: string) =>
  dump
    .trim()
    .split('\n')
    .map(line => line.split(/ {2,}/)[0] ?? '')
    .join(' ')

const kindsOf = (text: string) => [
  ...new Set([...text.matchAll(/\b(?:Runtime|Host)[A-Za-z]+(?:Request|Response)\b/g)].map(([kind]) => kind)),
]

it('docs/protocol-reference.md shows examples', () => {
  expect(examples).toHaveLength(page.match(/^```json$/gm)?.length ?? 0)
  expect(examples).toHaveLength(6)
})

it.each(examples)('docs/protocol-reference.md: the bytes of %s are correct', (text, dump) => {
  const message = JSON.parse(text) as WireMessage
  const bytes = Buffer.from(bytesOf(dump).replaceAll(' ', ''), 'hex')
  expect(bytesOf(dump)).toBe(frame(message).toString('hex').match(/../g)?.join(' '))
  expect(bytes.readUInt32BE()).toBe(bytes.length - 4)
  expect(dump).toContain(`the length: ${bytes.length - 4} bytes follow`)
  expect(decode(bytes.subarray(4), { strict: true })).toEqual(message)
})

it('The table of docs/protocol.md has every kind once, and the answer of every request', () => {
  const section = page.slice(page.indexOf('## Kinds'), page.indexOf('## Handshake'))
  const rows = [...section.matchAll(/^\| `(\w+)` \| (host|guest|both) \| .*? \| (?:`(\w+)`)? ?\|$/gm)]
  const kinds = rows.map(([, kind]) => kind)
  expect(kinds).toEqual([...new Set(kinds)])
  expect(kindsOf(page).filter(kind => !kinds.includes(kind))).toEqual([])
  for (const [, kind, , answer] of rows) {
    if (kind?.endsWith('Request')) expect(kinds, `the answer to ${kind}`).toContain(answer)
    else expect(answer, `the answer to ${kind}`).toBeUndefined()
  }
})

it('docs/protocol.md has every kind that the Python guest uses', () => {
  expect(kindsOf(readFileSync(guestPy, 'utf8')).filter(kind => !page.includes(`\`${kind}\``))).toEqual([])
})
