import { isCutoverError } from 'cutover'
import { pathsOf } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { assign, createMachine } from 'xstate'
import { counter, door } from './machines.js'

function errorOf(act: () => unknown) {
  try {
    act()
  } catch (error) {
    if (isCutoverError(error)) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('Nothing was thrown.')
}

describe('Machines without paths', () => {
  it('More states than the limit are refused: the message has the limit and what to do', () => {
    const events = [{ type: 'add', by: 1 } as const]
    expect(errorOf(() => pathsOf(counter, { events, limit: 500 }))).toEqual({
      code: 'CUTOVER_TOO_MANY_STATES',
      message: expect.stringMatching(/"counter" has more than 500 reachable states \(option "limit"\)\. Give fewer/),
    })
  })

  it('Paths that do not fit into memory are refused, even if their states do', () => {
    const machine = createMachine({
      id: 'long',
      context: { count: 0 },
      on: {
        add: { actions: assign({ count: ({ context }) => context.count + 1 }) },
        stay: { actions: 'stay' },
      },
    })
    const stopWhen = ({ context }: { context: { count: number } }) => context.count === 5_000
    expect(errorOf(() => pathsOf(machine, { stopWhen }))).toEqual({
      code: 'CUTOVER_TOO_MANY_STATES',
      message: expect.stringMatching(/paths of the machine "long" have more than 2000000 steps in 5001 states/),
    })
    expect(pathsOf(machine, { stopWhen, cover: 'states' })[0]?.steps).toHaveLength(5_000)
  })

  it('As many states as the limit are accepted', () => {
    expect(pathsOf(door, { limit: 3 })).toHaveLength(3)
    expect(errorOf(() => pathsOf(door, { limit: 2 })).code).toBe('CUTOVER_TOO_MANY_STATES')
  })

  it.each([
    [
      'an event that lacks its payload',
      () =>
        createMachine({
          id: 'm',
          on: { add: { actions: assign({ n: ({ event }) => (event as unknown as { by: string }).by.length }) } },
        }),
      /"m" threw while.*'length'.*give it in `events`/,
    ],
    [
      'a context that lacks its input',
      () => createMachine({ id: 'm', context: ({ input }) => ({ n: (input as { n: { m: 1 } }).n.m }) }),
      /"m" threw while.*give `input`/,
    ],
    [
      'a wildcard',
      () => createMachine({ id: 'm', on: { '*': { actions: 'note' } } }),
      /"m" handles "\*".*Give the events.*in `events`/,
    ],
    [
      'a cycle in the context',
      () => {
        const cycle: { self?: unknown } = {}
        cycle.self = cycle
        return createMachine({ id: 'm', context: { cycle } })
      },
      /"m" contains a cycle \("self"\)/,
    ],
    [
      'an object with hidden content',
      () => createMachine({ id: 'm', context: { secret: new WeakMap() } }),
      /"m" contains an instance of WeakMap \("secret"\)/,
    ],
    [
      'a function in the context',
      () => createMachine({ id: 'm', context: { f: () => {} } }),
      /"m" contains a function \("f"\)/,
    ],
  ])('%s is refused, and the message says what to do', (_, machine, message) => {
    expect(errorOf(() => pathsOf(machine()))).toEqual({
      code: 'CUTOVER_UNSUPPORTED_MACHINE',
      message: expect.stringMatching(message),
    })
  })

  it('A wildcard matches the given events; a partial one matches those with its prefix', () => {
    const machine = createMachine({ on: { '*': { actions: 'note' }, 'form.*': { actions: 'note' } } })
    const events = [{ type: 'form.sent' }, { type: 'other' }]
    expect(pathsOf(machine, { events }).map(({ name }) => name)).toEqual(['{} by form.sent', '{} by other'])
  })

  it('A context may contain a Map, a Set, a BigInt and undefined', () => {
    const machine = createMachine({
      context: { seen: new Set<number>(), names: new Map([['a', 1n]]), last: undefined as number | undefined },
      on: {
        add: {
          guard: ({ context }) => context.seen.size < 3,
          actions: assign({ seen: ({ context }) => new Set([...context.seen, context.seen.size]) }),
        },
      },
    })
    expect(pathsOf(machine, { cover: 'states' })[0]?.steps).toHaveLength(3)
  })

  it.each([
    ['machine', () => pathsOf({} as never), /"machine" must be an XState machine/],
    ['cover', () => pathsOf(door, { cover: 'all' as never }), /"cover" must be 'states' or 'transitions'/],
    [
      'events',
      () => pathsOf(door, { events: 'all' as never }),
      /"events" must be an array of events, or a function that gives one, got "all"/,
    ],
    ['event', () => pathsOf(door, { events: ['push' as never] }), /"events" must be objects with a type, got "push"/],
    [
      'result of events',
      () => pathsOf(door, { events: () => undefined as never }),
      /"events" must be an array of events.*got undefined/,
    ],
    [
      'name of an event',
      () => pathsOf(door, { events: [{ type: 'puhs' }] }),
      /"events" must be events that some state handles, got "puhs"/,
    ],
    ['stopWhen', () => pathsOf(door, { stopWhen: true as never }), /"stopWhen" must be a function/],
    ['serializeState', () => pathsOf(door, { serializeState: true as never }), /"serializeState" must be a function/],
    ['limit', () => pathsOf(door, { limit: 0 }), /"limit" must be a whole number, 1 or more/],
  ])('A wrong %s is refused by name', (_, act, message) => {
    expect(errorOf(act)).toEqual({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringMatching(message) })
  })
})
