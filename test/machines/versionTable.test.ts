import { stateOf, type VersionState, type VersionTable, versionsOf } from 'cutover/machines'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { withoutVersion, withVersion } from '../../machines/versionTable.js'

const STATES: readonly VersionState[] = ['provisioned', 'starting', 'running', 'stopping']

const version = fc.integer({ min: 0, max: 150 }).map(minor => `1.${minor}.0`)
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ version, state: fc.constantFrom(...STATES) }) },
  { weight: 1, arbitrary: fc.record({ version, state: fc.constant(null) }) },
)

it('A version table agrees with a map after any changes, and no table changes in place', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400, size: 'max' }), changes => {
      const map = new Map<string, VersionState>()
      let versions: VersionTable = Object.freeze({})
      for (const { version, state } of changes) {
        if (state === null) map.delete(version)
        else map.set(version, state)
        versions = Object.freeze(
          state === null ? withoutVersion(versions, version) : withVersion(versions, version, state),
        )
      }
      expect(versionsOf({ versions }).sort()).toEqual([...map.keys()].sort())
      for (const [version, state] of map) expect(stateOf({ versions }, version)).toBe(state)
      expect(stateOf({ versions }, '2.0.0')).toBeUndefined()
    }),
    { numRuns: 50 },
  )
})
