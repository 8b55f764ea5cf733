import { expect, it } from 'vitest'
import { initialContext } from '../../machines/aggregateContext.js'
import {
  theActive,
  theLeaving,
  theNext,
  theWantedActive,
  theWantedNext,
  versionIn,
} from '../../machines/aggregateTransitions.js'

const context = initialContext({ handover: 'sequential', drainTimeout: 0, stopTimeout: 0 })

it.each([
  ['active', theActive],
  ['next', theNext],
  ['leaving', theLeaving],
  ['wanted active', theWantedActive],
  ['wanted next', theWantedNext],
] as const)('A transition about the %s version where there is none says so, instead of doing nothing', (place, of) => {
  expect(() => of({ context })).toThrow(
    `A transition of the aggregate machine needs its ${place} version, and there is none`,
  )
})

it('A transition about the version of an event that names none says so', () => {
  expect(versionIn({ type: 'addVersion', version: '1.0.0' })).toBe('1.0.0')
  expect(() => versionIn({ type: 'start' })).toThrow('the version of start, which names none')
})
