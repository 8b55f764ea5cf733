import { pathsOf } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { assign, createMachine } from 'xstate'

describe('The identity of states', () => {
  /** The number of states of a machine that can put either of two values into its context. */
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
    ['undefined and a missing property', { a: undefined }, {}],
    ['dates', new Date(0), new Date(1)],
    ['regular expressions', /a/, /b/],
    ['bytes', Uint8Array.of(1), Uint8Array.of(2)],
    ['an array and a typed one', [1], Uint8Array.of(1)],
    ['a Set and an array', new Set([1]), [1]],
    ['Maps', new Map([['a', 1]]), new Map([['a', 2]])],
    ['nested values', { a: { b: [1] } }, { a: { b: [2] } }],
  ])('Different values give different states: %s', (_, one, other) => {
    expect(statesWith(one, other)).toBe(3)
  })

  it.each<[string, unknown, unknown]>([
    ['properties in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['equal errors', new Error('a'), new Error('a')],
    ['a part that occurs twice, which is no cycle', [{ a: 1 }, { a: 1 }], Array(2).fill({ a: 1 })],
  ])('Equal values give one state: %s', (_, one, other) => {
    expect(statesWith(one, other)).toBe(2)
  })

  it('Keys that look like numbers do not change which state is the initial one', () => {
    const machine = createMachine({
      context: { count: 3 },
      on: {
        down: {
          guard: ({ context }) => context.count > 1,
          actions: assign({ count: ({ context }) => context.count - 1 }),
        },
      },
    })
    const [path] = pathsOf(machine, { serializeState: ({ context }) => `${context.count}` })
    expect(path?.initial.context).toEqual({ count: 3 })
    expect(path?.steps.map(({ state }) => state.context)).toEqual([{ count: 2 }, { count: 1 }, { count: 1 }])
  })
})
