import { type Ledger, stateOf, type VersionState, versionsOf } from 'cutover/machines'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mark, strike } from '../../machines/ledger.js'

const EMPTY: Ledger = { versions: {}, furtherVersions: [] }
const STATES: readonly VersionState[] = ['provisioned', 'starting', 'running', 'stopping']

const version = fc.integer({ min: 0, max: 150 }).map(minor => `1.${minor}.0`)
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ version, state: fc.constantFrom(...STATES) }) },
  { weight: 1, arbitrary: fc.record({ version, state: fc.constant(null) }) },
)

const frozen = ({ versions, furtherVersions }: Ledger): Ledger => ({
  versions: Object.freeze(versions),
  furtherVersions: Object.freeze(furtherVersions.map(page => Object.freeze(page))),
})

it('A ledger knows what a map would know, whatever comes and goes, and never changes', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400, size: 'max' }), changes => {
      const map = new Map<string, VersionState>()
      let ledger = frozen(EMPTY)
      for (const { version, state } of changes) {
        if (state === null) map.delete(version)
        else map.set(version, state)
        ledger = frozen(state === null ? strike(ledger, version) : mark(ledger, version, state))
      }
      expect(versionsOf(ledger).sort()).toEqual([...map.keys()].sort())
      for (const [version, state] of map) expect(stateOf(ledger, version)).toBe(state)
      expect(stateOf(ledger, '2.0.0')).toBeUndefined()
      expect(ledger.furtherVersions.filter(page => Object.keys(page).length === 0)).toEqual([])
    }),
    { numRuns: 50 },
  )
})

it('A change among a thousand versions copies one page of them', () => {
  let ledger = EMPTY
  for (let minor = 0; minor < 1_000; minor++) ledger = mark(ledger, `1.${minor}.0`, 'provisioned')
  const pagesOf = ({ versions, furtherVersions }: Ledger) => [versions, ...furtherVersions]
  for (const changed of [
    mark(ledger, '1.500.0', 'running'),
    strike(ledger, '1.500.0'),
    mark(ledger, '2.0.0', 'running'),
  ]) {
    const copied = pagesOf(changed).filter(page => !pagesOf(ledger).includes(page))
    expect(copied.length).toBe(1)
    expect(Object.keys(copied[0] ?? {}).length).toBeLessThanOrEqual(32)
  }
})

it('As long as there is room on the first page, it is all there is', () => {
  const ledger = mark(mark(EMPTY, '1.0.0', 'running'), '2.0.0', 'starting')
  expect(ledger).toEqual({ versions: { '1.0.0': 'running', '2.0.0': 'starting' }, furtherVersions: [] })
})

it('A page on which nothing is left goes', () => {
  const names = Array.from({ length: 70 }, (_, minor) => `1.${minor}.0`)
  const full = names.reduce((ledger, name) => mark(ledger, name, 'running'), EMPTY)
  expect(full.furtherVersions.length).toBe(2)
  const further = full.furtherVersions.flatMap(page => Object.keys(page))
  expect(further.reduce(strike, full)).toEqual({ versions: full.versions, furtherVersions: [] })
})
