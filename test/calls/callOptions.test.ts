import type { CallOptions } from 'cutover'
import { describe, expect, it } from 'vitest'
import { areSimple, isPinned, passedOn, pinOf, refusalOf } from '../../src/calls/callOptions.js'

const fired = AbortSignal.abort('enough')
const { signal } = new AbortController()
const onVersion = () => {}
/** Options that callers without types may give. */
const options = (given: object) => given as CallOptions
const throwing = Object.defineProperty({}, 'key', {
  get() {
    throw new Error('a trap')
  },
})

describe('The options of a call', () => {
  it.each([
    ['no options', undefined],
    ['empty ones', {}],
    ['nothing in each', { key: null, traceparent: null, onVersion: null, signal: null }],
    ['something in each', { key: 'a', traceparent: 'b', onVersion, signal }],
  ])('are refused for nothing that they may be: %s', (_, given) => {
    expect(refusalOf(given && options(given))).toBe(undefined)
  })

  it.each([
    ['a key that is a number', { key: 1 }, 'Option "key" must be a string, got 1.'],
    ['a traceparent that is a number', { traceparent: 1 }, 'Option "traceparent" must be a string, got 1.'],
    ['an onVersion that is a text', { onVersion: 'a' }, 'Option "onVersion" must be a function, got "a".'],
    ['a getter that throws', throwing, 'a trap'],
  ])('are refused, and the reason names %s', (_, given, message) => {
    expect(refusalOf(options(given))).toMatchObject({ reason: { message } })
  })

  it('are refused with the reason of a signal that has fired', () => {
    expect(refusalOf(options({ signal: fired }))).toEqual({ reason: 'enough' })
  })

  it.each([
    ['no options', undefined, true],
    ['empty ones', {}, true],
    ['a key and a signal', { key: 'a', signal }, true],
    ['a text', 'key', false],
    ['a version', { version: '1.0.0' }, false],
    ['an onVersion', { onVersion }, false],
    ['a traceparent', { traceparent: 'a' }, false],
    ['a key that is a number', { key: 1 }, false],
    ['a signal that has fired', { signal: fired }, false],
    ['something else as a signal', { signal: { aborted: false } }, false],
    ['a getter that throws', throwing, false],
  ])('are simple, or are checked one by one: %s', (_, given, expected) => {
    expect(areSimple(given as CallOptions | undefined)).toBe(expected)
  })

  it.each([
    [undefined, false],
    [{}, false],
    [{ version: undefined }, false],
    [{ version: null }, false],
    [{ version: '1.0.0' }, true],
    [{ version: '' }, true],
  ])('name a version or do not: %j', (given, expected) => {
    expect(isPinned(given && options(given))).toBe(expected)
  })

  it('name a version that is in place, as it is, or one that is made canonical, or none', () => {
    // The versions in place are canonical already, so they are not parsed again.
    expect(pinOf({ version: 'in place' }, ['1.0.0', 'in place'])).toBe('in place')
    expect(pinOf({ version: '2.0.0+build' }, ['1.0.0'])).toBe('2.0.0')
    expect(pinOf({ version: '1.x' }, ['1.0.0'])).toMatchObject({ reason: { code: 'CUTOVER_INVALID_VERSION' } })
  })

  it('go on without those for the aggregate, and as the same object without such', () => {
    const others = options({ key: 'a', signal, traceparent: 'b' })
    expect(passedOn(undefined)).toBe(undefined)
    expect(passedOn(others)).toBe(others)
    expect(passedOn(options({ ...others, version: '1.0.0' }))).toEqual(others)
    expect(passedOn(options({ ...others, onVersion }))).toEqual(others)
  })
})
