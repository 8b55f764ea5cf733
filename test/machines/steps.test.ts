import { expect, it } from 'vitest'
import { initialContext } from '../../machines/context.js'
import { namedIn, theActive, theLeaving, theNext, theWantedActive, theWantedNext } from '../../machines/steps.js'

const context = initialContext({ handover: 'sequential', drainTimeout: 0, stopTimeout: 0 })

it.each([
  ['active', theActive],
  ['next', theNext],
  ['leaving', theLeaving],
  ['wanted active', theWantedActive],
  ['wanted next', theWantedNext],
] as const)('A step about the %s version where there is none says so, instead of doing nothing', (place, of) => {
  expect(() => of({ context })).toThrow(
    `A step of the aggregate machine is about its ${place} version, and there is none`,
  )
})

it('A step about the version of an event that names none says so', () => {
  expect(namedIn({ type: 'addVersion', version: '1.0.0' })).toBe('1.0.0')
  expect(() => namedIn({ type: 'start' })).toThrow('the version of start, which names none')
})
