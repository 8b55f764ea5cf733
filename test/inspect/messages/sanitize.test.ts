import { expect, it } from 'vitest'
import { Definitions } from '../../../src/inspect/messages/definitions.js'
import { sanitized } from '../../../src/inspect/messages/sanitize.js'

it('A promise that is the value itself is not taken for an asynchronous sanitize', () => {
  const promise = Promise.resolve(1)
  expect(sanitized(promise, 'event', value => value)).toBe(promise)
  expect(sanitized(1, 'event', () => promise)).toBe('[not shown: sanitize returned a promise]')
})

it('A definition is converted once', () => {
  let reads = 0
  const config = Object.defineProperty({ id: 'm' }, 'states', {
    enumerable: true,
    get() {
      reads++
      return { a: {} }
    },
  })
  const definitions = new Definitions(value => value)
  const texts = [definitions.jsonOf(config, 'm'), definitions.jsonOf(config, 'm')]
  expect(texts).toEqual(Array(2).fill('{"id":"m","states":{"a":{}}}'))
  expect(reads).toBe(1)
})
