import { pathsOf } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { assign, createMachine } from 'xstate'

describe('States of a machine', () => {
  /** How many states there are when either of two values can be put into the context. */
  const statesWith = (one: unknown, other: unknown) => {
    const machine = createMachine({
      context: { value: 'none' as unknown },
      on: { put: { actions: assign({ value: ({ event }) => event['value'] }) } },
    })
    const events = [
      { type: 'put', value: one },
      { type: 'put', value: other },
    ]
    const seen = pathsOf(machine, { events, cover: 'states' }).flatMap(({ steps }) => steps)
    return 1 + new Set(seen.map(({ state }) => state)).size
  }

  it.each<[string, unknown, unknown]>([
    ['errors with different messages', new Error('a'), new Error('b')],
    ['errors of different names', new Error('a'), new TypeError('a')],
    ['not a number and infinity', Number.NaN, Number.POSITIVE_INFINITY],
    ['zero and minus zero', 0, -0],
    ['a number and its text', 1, '1'],
    ['a big integer and a number', 1n, 1],
    ['undefined and nothing', { a: undefined }, {}],
    ['dates', new Date(0), new Date(1)],
    ['regular expressions', /a/, /b/],
    ['bytes', Uint8Array.of(1), Uint8Array.of(2)],
    ['an array and a typed one', [1], Uint8Array.of(1)],
    ['a Set and an array', new Set([1]), [1]],
    ['Maps', new Map([['a', 1]]), new Map([['a', 2]])],
    ['nested values', { a: { b: [1] } }, { a: { b: [2] } }],
  ])('Different values make different states: %s', (_, one, other) => {
    expect(statesWith(one, other)).toBe(3)
  })

  it.each<[string, unknown, unknown]>([
    ['properties in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['equal errors', new Error('a'), new Error('a')],
    ['the same part twice, which is no cycle', [{ a: 1 }, { a: 1 }], Array(2).fill({ a: 1 })],
  ])('Equal values make one state: %s', (_, one, other) => {
    expect(statesWith(one, other)).toBe(2)
  })
})
