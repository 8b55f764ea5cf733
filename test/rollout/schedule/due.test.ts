import { isCutoverError } from 'cutover'
import { type Deployment, due } from 'cutover/rollout'
import { describe, expect, it } from 'vitest'
import { assertReplaces, checkDeployments } from '../../../src/rollout/schedule/deployments.js'
import { randomFrom } from '../../fixtures/randomFrom.js'
import * as reference from './referenceModel.js'

const LISTS = 10_000
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

const LIST: readonly Deployment[] = [
  { version: '1.0.0', validFrom: 10 },
  { version: '1.2.0', validFrom: 20 },
  { version: '2.0.0-rc.1', validFrom: 30 },
]

function deploymentsOf(list: readonly reference.Go[]): Deployment[] {
  return list.map(its => ({ version: reference.text(its), validFrom: its.validFrom }))
}

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isCutoverError(error, 'CUTOVER_INVALID_DEPLOYMENTS')) return error.message
    throw error
  }
  throw new Error('The list was accepted.')
}

describe('The versions that are due', () => {
  it(`are those of the reference, for ${LISTS} random lists and clocks (SEED=${SEED})`, () => {
    const random = randomFrom(SEED)
    const seen = { valid: 0, refused: 0, active: 0, next: 0 }
    for (let n = 0; n < LISTS; n++) {
      const list = reference.randomList(random)
      const now = Math.floor(random() * 20)
      const run = () => due(deploymentsOf(list), now)
      if (!reference.isValid(list, now)) {
        refusal(run)
        seen.refused++
        continue
      }
      const pair = run()
      expect(pair).toEqual(reference.hostedVersions(list, now))
      seen.valid++
      if (pair.active !== null) seen.active++
      if (pair.next !== null) seen.next++
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(LISTS / 50)
  })

  it(`change as the reference allows, for ${LISTS} random updates of a list (SEED=${SEED})`, () => {
    const random = randomFrom(SEED + 1)
    const seen = { accepted: 0, refused: 0 }
    let current: readonly reference.Go[] = []
    for (let n = 0; n < LISTS; n++) {
      if (n % 20 === 0) current = []
      const now = Math.floor((n % 20) * 1.5)
      const list = reference.randomUpdate(current, random)
      const run = () => {
        const checked = checkDeployments(deploymentsOf(list), now, 1)
        assertReplaces(checkDeployments(deploymentsOf(current), now, 1), checked, now)
      }
      if (reference.isValidUpdate(current, list, now)) {
        run()
        current = list
        seen.accepted++
      } else {
        refusal(run)
        seen.refused++
      }
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(LISTS / 50)
  })

  it.each([
    [9, null, '1.0.0'],
    [10, '1.0.0', null],
    [19.5, '1.0.0', '1.2.0'],
    [26.5, '1.2.0', null],
    [27, '1.2.0', '2.0.0-rc.1'],
    [30, '2.0.0-rc.1', null],
    [1e9, '2.0.0-rc.1', null],
  ])('at %d: active %s, next %s', (now, active, next) => {
    expect(due(LIST, now, { maxFuture: 3 })).toEqual({ active, next })
  })

  it('are null for an empty list, and before everything', () => {
    expect(due([], 0)).toEqual({ active: null, next: null })
    expect(due(LIST.slice(0, 1), -1e9)).toEqual({ active: null, next: null })
  })

  it('begin in advance by prewarm: 0 for never, Infinity for always, any unit of time', () => {
    const sunday = Date.parse('2026-11-29T03:00:00Z')
    const list = [{ version: '3.0.0+build.7', validFrom: sunday }]
    expect(due(list, sunday - 1, { prewarm: 0 }).next).toBe(null)
    expect(due(list, 0, { prewarm: Number.POSITIVE_INFINITY }).next).toBe('3.0.0')
    expect(due(list, sunday - 600_001, { prewarm: 600_000 }).next).toBe(null)
    expect(due(list, sunday - 600_000, { prewarm: 600_000 }).next).toBe('3.0.0')
    expect(due(list, sunday).active).toBe('3.0.0')
  })

  it('take no part of the list that they were given', () => {
    const list = Object.freeze(LIST.map(its => Object.freeze({ ...its })))
    expect(due(list, 25, { maxFuture: Number.POSITIVE_INFINITY })).toEqual({ active: '1.2.0', next: null })
  })
})

describe('A list is refused as a whole, and the error names the entry and the rule', () => {
  const [first, second] = LIST as [Deployment, Deployment]
  it.each<[string, unknown, RegExp]>([
    ['no array', null, /^deployments must be an array, got null\.$/],
    ['an entry that is none', [first, 7], /^deployments\[1\] must be \{ version, validFrom \}, got 7\.$/],
    ['a hole', Array(2), /^deployments\[0\] must be/],
    ['no SemVer', [{ version: '1.0', validFrom: 1 }], /^deployments\[0\]\.version must be SemVer, got "1\.0"/],
    ['no version', [{ validFrom: 1 }], /^deployments\[0\]\.version must be SemVer, got undefined/],
    ['no time', [{ version: '1.0.0' }], /^deployments\[0\]\.validFrom must be a finite number, got undefined\.$/],
    ['a time that is no number', [{ version: '1.0.0', validFrom: '3' }], /must be a finite number, got "3"\.$/],
    ['a time without end', [{ version: '1.0.0', validFrom: Number.NaN }], /must be a finite number, got NaN\.$/],
    ['versions that fall', [second, { ...first, validFrom: 99 }], /Versions must rise in the order of the list\.$/],
    ['a version twice', [first, { version: '1.0.0+b', validFrom: 11 }], /Versions must rise/],
    ['times that fall', [first, { ...second, validFrom: 9 }], /A higher version must begin later\.$/],
    ['a time twice', [first, { ...second, validFrom: 10 }], /A higher version must begin later\.$/],
    [
      'too much future',
      LIST,
      /^2 deployments begin after 15, and at most 1 may \(maxFuture\)\. Leave out version 2\.0\.0-rc\.1/,
    ],
  ])('%s', (_, list, message) => {
    expect(refusal(() => due(list as Deployment[], 15))).toMatch(message)
  })

  it('an entry whose getter throws, with that as cause', () => {
    const cause = new Error('no')
    const hostile = {
      get version(): string {
        throw cause
      },
      validFrom: 1,
    }
    const error = (() => {
      try {
        return due([hostile], 1)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toMatchObject({ code: 'CUTOVER_INVALID_DEPLOYMENTS', cause })
  })

  it('the version is in the error', () => {
    expect(() => due([first, { ...second, validFrom: 9 }], 15)).toThrow(
      expect.objectContaining({ code: 'CUTOVER_INVALID_DEPLOYMENTS', version: '1.2.0' }),
    )
  })
})

it.each<[string, () => unknown]>([
  ['now', () => due(LIST, Number.NaN)],
  ['now', () => due(LIST, '3' as unknown as number)],
  ['prewarm', () => due(LIST, 1, { prewarm: -1 })],
  ['prewarm', () => due(LIST, 1, { prewarm: Number.NaN })],
  ['maxFuture', () => due(LIST, 1, { maxFuture: 0.5 })],
  ['options', () => due(LIST, 1, null as unknown as object)],
])('An invalid %s is refused', (name, run) => {
  expect(run).toThrow(
    expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(`"${name}"`) }),
  )
})
