import { type AggregateContext, placedVersions, type Role, roleOf } from 'cutover/machines'
import { expect, it } from 'vitest'

const context = (changes: Partial<AggregateContext>): AggregateContext => ({
  handover: 'sequential',
  drainTimeout: 0,
  stopTimeout: 0,
  active: '1.0.0',
  next: '2.0.0',
  leaving: null,
  wanted: { active: '1.0.0', next: '2.0.0' },
  versions: { '1.0.0': 'running', '2.0.0': 'running' },
  share: 0,
  ...changes,
})

it.each<[string, Partial<AggregateContext>, [Role, Role]]>([
  ['active and next', {}, ['active', 'next']],
  ['a next with a share', { share: 0.5 }, ['active', 'sharing']],
  ['a next that stops', { versions: { '1.0.0': 'running', '2.0.0': 'stopping' } }, ['active', 'leaving']],
  ['a next that stops, with a share', { share: 5, versions: { '2.0.0': 'stopping' } }, ['active', 'leaving']],
  ['an active that stops', { versions: { '1.0.0': 'stopping' } }, ['leaving', 'next']],
  ['an overlap', { leaving: '1.0.0', active: '2.0.0', next: null }, ['leaving', 'active']],
])('The roles of %s', (_, changes, roles) => {
  expect(['1.0.0', '2.0.0'].map(version => roleOf(context(changes), version))).toEqual(roles)
})

it('The version that makes way comes first, and the active one last', () => {
  const placed = placedVersions(context({ leaving: '0.9.0', versions: { '2.0.0': 'starting', '1.0.0': 'running' } }))
  expect(placed).toEqual([
    { version: '0.9.0', role: 'leaving', isUp: false },
    { version: '2.0.0', role: 'next', isUp: false },
    { version: '1.0.0', role: 'active', isUp: true },
  ])
  expect(placedVersions(context({ active: null, next: null }))).toEqual([])
})
