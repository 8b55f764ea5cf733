import { Aggregate, type AggregateOptions } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it } from 'vitest'

const make = (options: object) => () => new Aggregate({ id: 'a', ...options } as AggregateOptions)
const refused = (option: string) =>
  expect.objectContaining({
    name: 'CutoverError',
    code: 'CUTOVER_INVALID_OPTION',
    message: expect.stringMatching(new RegExp(`^Option "${option}" must be .*, got .*\\.$`)),
  })

describe('options of the aggregate', () => {
  it.each(['drainTimeout', 'stopTimeout', 'waitTimeout', 'maxWaitingCalls'])('A bad %s is refused by name', option => {
    for (const value of [-1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY, '10', null, true, 1n, {}]) {
      expect(make({ [option]: value })).toThrow(refused(option))
    }
  })

  it.each(['drainTimeout', 'stopTimeout'])('%s cannot be longer than a timer can wait, nor infinite', option => {
    expect(make({ [option]: 2_147_483_647 })).not.toThrow()
    expect(make({ [option]: 2_147_483_648 })).toThrow(refused(option))
    expect(make({ [option]: Number.POSITIVE_INFINITY })).toThrow(refused(option))
  })

  it('callTimeout can be infinite, but not 0, which would often be meant as no limit', () => {
    for (const good of [1, 2_147_483_647, Number.POSITIVE_INFINITY, undefined]) {
      expect(make({ callTimeout: good })).not.toThrow()
    }
    for (const value of [0, -1, 0.5, 2_147_483_648, Number.NaN, '10', null]) {
      expect(make({ callTimeout: value })).toThrow(refused('callTimeout'))
      expect(() => inProcess({ callTimeout: value as number })).toThrow(refused('callTimeout'))
    }
  })

  it('waitTimeout can be infinite, but not longer than a timer can wait', () => {
    expect(make({ waitTimeout: Number.POSITIVE_INFINITY })).not.toThrow()
    expect(make({ waitTimeout: 2_147_483_648 })).toThrow(refused('waitTimeout'))
  })

  it.each([
    ['id', ['', 7, null, undefined, {}]],
    ['handover', ['parallel', '', null, 7, 'Overlap']],
    ['propagate', [true, 'all', null, {}]],
    ['inspect', [true, {}, null, { next: 'event' }]],
    ['logger', ['console', {}, null, { info() {} }]],
    ['clock', [{}, null, 'system', { setTimeout() {} }]],
  ])('A bad %s is refused by name', (option, values) => {
    for (const value of values) expect(make({ [option]: value })).toThrow(refused(option))
  })

  it.each([
    ['handover', 'parallel', `'sequential' or 'overlap', got "parallel"`],
    ['logger', {}, 'an object with debug, info, warn and error, got an object'],
    ['clock', null, `an object with ${['setTimeout', 'clearTimeout'].join(' and ')}, got null`],
    ['propagate', true, 'a function, got true'],
    ['id', '', 'a string that is not empty, got ""'],
    ['inspect', {}, 'a function, or an observer with next, got an object'],
  ])('A bad %s is told from a good one', (option, value, expected) => {
    expect(make({ [option]: value })).toThrow(`Option "${option}" must be ${expected}.`)
  })

  it('Options that are no object are refused', () => {
    for (const options of [undefined, null, 'a', 7]) {
      expect(() => new Aggregate(options as never)).toThrow(refused('options'))
    }
  })

  it('A very long bad value does not make a long message', () => {
    expect.assertions(1)
    try {
      make({ handover: 'x'.repeat(10_000) })()
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(250)
    }
  })

  it('Good options are taken', () => {
    const logger = { debug() {}, info() {}, warn() {}, error() {} }
    const options = { propagate: () => true, handover: 'overlap', logger, inspect() {}, clock: new SimulatedClock() }
    expect(make(options)).not.toThrow()
    expect(make({ inspect: { next() {} } })).not.toThrow()
    for (const zero of ['drainTimeout', 'stopTimeout', 'waitTimeout', 'maxWaitingCalls']) {
      expect(make({ [zero]: 0 })).not.toThrow()
    }
  })
})
