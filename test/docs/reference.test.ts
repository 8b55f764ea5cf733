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
