import { readFileSync } from 'node:fs'
import { Aggregate, CutoverError } from 'cutover'
import { expect, it } from 'vitest'

const GO_NAMES = [
  'New',
  'Abort',
  'AddVersion',
  'Call',
  'Component',
  'GetActiveVersion',
  'GetCapabilityTEE',
  'GetInfo',
  'HasVersion',
  'ID',
  'RemoveVersion',
  'SetVersion',
  'Start',
  'Stop',
  'UpdateCapabilityTEE',
  'Version',
  'Versions',
  'WatchEvents',
  'ErrNoActiveVersion',
  'ErrNoSuchVersion',
]

const rows = [...readFileSync('docs/reference.md', 'utf8').matchAll(/^\| `(?:Aggregate\.)?(\w+).*?` \| `(.+?)` \|/gm)]

it('docs/reference.md maps every exported name of the Go package, and no other', () => {
  expect(rows.map(row => row[1]).sort()).toEqual([...GO_NAMES].sort())
})

it('docs/reference.md maps them to names that exist here', () => {
  const aggregate: object = new Aggregate({ id: 'a' })
  const ours = rows.map(row => row[2] ?? '')
  const methods = ours
    .filter(name => !/^(new |CUTOVER_)/.test(name))
    .map(name => name.replace(/^aggregate\.|\(.*$/g, ''))
  expect(methods.filter(name => !(name in aggregate))).toEqual([])
  const codes = ours.filter(name => name.startsWith('CUTOVER_'))
  expect(codes.map(code => new CutoverError(code as 'CUTOVER_DISPOSED', '').code)).toEqual(codes)
})

it('docs/reference.md says the limits on both sides, with the defaults of the option tables', () => {
  const options = readFileSync('docs/host-options.md', 'utf8') + readFileSync('docs/aggregate.md', 'utf8')
  const limits = [...readFileSync('docs/reference.md', 'utf8').matchAll(/`(max\w+)`, ([\d,]+)( MiB)? \| (?:the|are)/g)]
  expect(limits.map(match => match[1]).sort()).toEqual([
    'maxBufferedBytes',
    'maxHostRequestBytes',
    'maxHostRequests',
    'maxInFlight',
    'maxMessageItems',
    'maxWaitingCalls',
  ])
  for (const [, name, text = '', isMiB] of limits) {
    const value = Number(text.replaceAll(',', '')) * (isMiB === undefined ? 1 : 1_048_576)
    expect(options).toContain(`| \`${name}\` | \`${value.toLocaleString('en-US').replaceAll(',', '_')}\` |`)
  }
})

it.each([
  '**Events between adding and starting.**',
  '**Versions that nobody added.**',
  '| sign of life |',
  '| requests of a guest before it has answered `RuntimeInfoRequest` |',
  '| a call right after a crash |',
])('docs/reference.md says what differs: %s', difference => {
  expect(readFileSync('docs/reference.md', 'utf8').split(difference)).toHaveLength(2)
})
