import { isCutoverError } from 'cutover'
import { connectionMachine } from 'cutover/machines'
import { type GeneratedPath, pathsOf } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { type AnyStateMachine, assign, createMachine, fromPromise, setup } from 'xstate'

const door = createMachine({
  id: 'door',
  initial: 'closed',
  states: {
    closed: { on: { push: 'open', lock: 'locked' } },
    open: { on: { pull: 'closed' } },
    locked: { on: { unlock: 'closed', push: { actions: 'rattle' } } },
  },
})

const counter = setup({
  types: { context: {} as { count: number }, events: {} as { type: 'add'; by: number } },
}).createMachine({
  id: 'counter',
  context: { count: 0 },
  on: { add: { actions: assign({ count: ({ context, event }) => context.count + event.by }) } },
})

function namesOf<Machine extends AnyStateMachine>(paths: readonly GeneratedPath<Machine>[]): string[] {
  return paths.map(({ name }) => name)
}

function errorOf(act: () => unknown) {
  try {
    act()
  } catch (error) {
    if (isCutoverError(error)) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('Nothing was thrown.')
}

describe('Generated paths', () => {
  it('Every step out of every state is in a path, and no path is the beginning of another', () => {
    expect(namesOf(pathsOf(door))).toEqual(['closed by push, pull', 'closed by lock, unlock', 'locked by lock, push'])
  })

  it('Each state has a path when states are to be covered', () => {
    expect(namesOf(pathsOf(door, { cover: 'states' }))).toEqual(['open by push', 'locked by lock'])
  })

  it('A path is plain data: where it begins, what happens, and the state after each step', () => {
    const [first] = pathsOf(counter, {
      events: ({ context }) => (context.count < 2 ? [{ type: 'add', by: 1 } as const] : []),
    })
    expect(first).toEqual({
      name: '{} by add {"by":1}, add {"by":1}',
      initial: { value: {}, context: { count: 0 } },
      steps: [
        { event: { type: 'add', by: 1 }, state: { value: {}, context: { count: 1 } } },
        { event: { type: 'add', by: 1 }, state: { value: {}, context: { count: 2 } } },
      ],
    })
  })

  it('The shortest way is taken to each state', () => {
    const machine = createMachine({
      initial: 'a',
      states: { a: { on: { long: 'b', short: 'c' } }, b: { on: { go: 'c' } }, c: { on: { on: 'd' } }, d: {} },
    })
    expect(namesOf(pathsOf(machine))).toEqual(['c by long, go', 'd by short, on'])
  })

  it('Events given as an array bring their payloads; those not given happen without', () => {
    const machine = createMachine({
      initial: 'a',
      states: { a: { on: { go: 'b', stay: { actions: 'stay' } } }, b: {} },
    })
    const events = [{ type: 'go', fast: true }, { type: 'go', fast: false }, { type: 'unheard' }]
    expect(namesOf(pathsOf(machine, { events }))).toEqual([
      'b by go {"fast":true}',
      'b by go {"fast":false}',
      'a by stay',
    ])
  })

  it('Delays and invoked actors are over when their synthetic events say so, also with nested and parallel states', () => {
    const machine = setup({ actors: { load: fromPromise(async () => 'loaded') } }).createMachine({
      id: 'page',
      initial: 'loading',
      states: {
        loading: { invoke: { id: 'load', src: 'load', onDone: 'shown', onError: 'failed' }, after: { 1000: 'failed' } },
        shown: {
          type: 'parallel',
          states: { menu: { initial: 'in', states: { in: { on: { toggle: 'out' } }, out: {} } }, text: {} },
        },
        failed: { on: { retry: 'loading' } },
      },
    })
    expect(new Set(namesOf(pathsOf(machine)))).toEqual(
      new Set([
        'loading by xstate.error.actor.load, retry',
        'failed by xstate.after.1000.page.loading',
        '{"shown":{"menu":"out","text":{}}} by xstate.done.actor.load, toggle',
      ]),
    )
  })

  it('A history state remembers: states that differ only in what they would go back to are told apart', () => {
    const machine = createMachine({
      initial: 'on',
      states: {
        on: {
          initial: 'one',
          states: { one: { on: { next: 'two' } }, two: {}, back: { type: 'history' } },
          on: { off: 'off' },
        },
        off: { on: { on: 'on.back' } },
      },
    })
    const back = pathsOf(machine).find(({ name }) => name.includes('next, off, on'))
    expect(back?.steps[2]?.state.value).toEqual({ on: 'two' })
    expect(pathsOf(machine).find(({ name }) => name.includes('by off, on'))?.steps[1]?.state.value).toEqual({
      on: 'one',
    })
  })

  it('Nothing is carried out: actions do not run, actors do not start', () => {
    const done: string[] = []
    const machine = setup({
      actors: { work: fromPromise(async () => void done.push('worked')) },
      actions: { act: () => void done.push('acted') },
    }).createMachine({
      entry: 'act',
      initial: 'a',
      states: { a: { entry: 'act', invoke: { src: 'work', onDone: 'b' } }, b: { entry: 'act' } },
    })
    expect(pathsOf(machine)).toHaveLength(1)
    expect(done).toEqual([])
  })

  it('A machine of this library gives its paths', () => {
    expect(namesOf(pathsOf(connectionMachine, { cover: 'states' }))).toEqual([
      'closed by close',
      'ready by open, initialized',
    ])
  })

  it('A machine without events has no paths', () => {
    expect(pathsOf(createMachine({}))).toEqual([])
  })
})

describe('Machines that paths cannot be generated from', () => {
  it('A state space over the limit stops at it, and says the number and what to do', () => {
    const events = [{ type: 'add', by: 1 } as const]
    expect(errorOf(() => pathsOf(counter, { events, limit: 500 }))).toEqual({
      code: 'CUTOVER_TOO_MANY_STATES',
      message: expect.stringMatching(
        /"counter" has more than 500 reachable states: stopped at 500 \(limit\)\. Give fewer/,
      ),
    })
  })

  it('As many states as the limit are fine', () => {
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
      /"m" listens to "\*".*give those.*in `events`/,
    ],
    [
      'a function in the context',
      () => createMachine({ id: 'm', context: { f: () => {} } }),
      /"m" holds a function \("f"\)/,
    ],
  ])('%s is refused, and the message says what to do', (_, machine, message) => {
    expect(errorOf(() => pathsOf(machine()))).toEqual({
      code: 'CUTOVER_UNSUPPORTED_MACHINE',
      message: expect.stringMatching(message),
    })
  })

  it('A wildcard takes the events that are given for it, a partial one those that begin like it', () => {
    const machine = createMachine({ on: { '*': { actions: 'note' }, 'form.*': { actions: 'note' } } })
    const events = [{ type: 'form.sent' }, { type: 'other' }]
    expect(namesOf(pathsOf(machine, { events }))).toEqual(['{} by form.sent', '{} by other'])
  })

  it('A Map, a Set, a BigInt and undefined in the context tell states apart', () => {
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
    ['events', () => pathsOf(door, { events: 'all' as never }), /"events" must be an array or a function/],
    ['limit', () => pathsOf(door, { limit: 0 }), /"limit" must be a whole number, 1 or more/],
  ])('A wrong %s is refused by its name', (_, act, message) => {
    expect(errorOf(act)).toEqual({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringMatching(message) })
  })
})
