import { connectionMachine } from 'cutover/machines'
import { type GeneratedPath, pathsOf } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { type AnyStateMachine, assign, createMachine, fromPromise, setup } from 'xstate'
import { counter, door } from './machines.js'

function namesOf<Machine extends AnyStateMachine>(paths: readonly GeneratedPath<Machine>[]): string[] {
  return paths.map(({ name }) => name)
}

describe('pathsOf()', () => {
  it('The paths take every step out of every state, and no path is the beginning of another', () => {
    expect(namesOf(pathsOf(door))).toEqual(['closed by push, pull', 'closed by lock, unlock', 'locked by lock, push'])
  })

  it('With cover: states, each state is in a path', () => {
    expect(namesOf(pathsOf(door, { cover: 'states' }))).toEqual(['open by push', 'locked by lock'])
  })

  it('A path is plain data: the initial state, and each event with the state after it', () => {
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

  it('The path to each state is a shortest one', () => {
    const machine = createMachine({
      initial: 'a',
      states: { a: { on: { long: 'b', short: 'c' } }, b: { on: { go: 'c' } }, c: { on: { on: 'd' } }, d: {} },
    })
    expect(namesOf(pathsOf(machine))).toEqual(['c by long, go', 'd by short, on'])
  })

  it('Events in an array have their payloads; other events have none', () => {
    const machine = createMachine({
      initial: 'a',
      states: { a: { on: { go: 'b', stay: { actions: 'stay' } } }, b: {} },
    })
    const events = [
      { type: 'go', fast: true },
      { type: 'go', fast: false },
    ]
    expect(namesOf(pathsOf(machine, { events }))).toEqual([
      'b by go {"fast":true}',
      'b by go {"fast":false}',
      'a by stay',
    ])
  })

  it('Delays and invoked actors end by synthetic events, in nested and parallel states too', () => {
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

  it('States that differ only in their history are different states', () => {
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

  it('Actions do not run, and actors do not start', () => {
    const log: string[] = []
    const machine = setup({
      actors: { work: fromPromise(async () => void log.push('worked')) },
      actions: { act: () => void log.push('acted') },
    }).createMachine({
      entry: 'act',
      initial: 'a',
      states: { a: { entry: 'act', invoke: { src: 'work', onDone: 'b' } }, b: { entry: 'act' } },
    })
    expect(pathsOf(machine)).toHaveLength(1)
    expect(log).toEqual([])
  })

  it('A machine of this library has paths', () => {
    expect(namesOf(pathsOf(connectionMachine, { cover: 'states' }))).toEqual([
      'closed by close',
      'ready by open, initialized',
    ])
  })

  it('A machine without steps has one empty path', () => {
    const initial = { value: {}, context: {} }
    expect(pathsOf(createMachine({}))).toEqual([{ name: '{} from the start', initial, steps: [] }])
  })

  it('Events with equal JSON are different events', () => {
    const machine = setup({
      types: { context: {} as { said: string }, events: {} as { type: 'fail'; error: Error } },
    }).createMachine({
      context: { said: '' },
      on: { fail: { actions: assign({ said: ({ event }) => event.error.message }) } },
    })
    const events = ['one', 'two'].map(message => ({ type: 'fail', error: new Error(message) }) as const)
    const said = pathsOf(machine, { events }).map(({ steps }) => steps.map(({ state }) => state.context.said))
    expect(new Set(said.flat())).toEqual(new Set(['one', 'two']))
  })

  it('Synthetic events can be given with payloads, also for a typed machine', () => {
    const machine = setup({
      types: { context: {} as { text: string }, events: {} as { type: 'go' } },
      actors: { load: fromPromise(async () => 'loaded') },
    }).createMachine({
      context: { text: '' },
      initial: 'a',
      states: {
        a: {
          invoke: {
            id: 'load',
            src: 'load',
            onDone: { target: 'b', actions: assign({ text: ({ event }) => event.output }) },
          },
        },
        b: {},
      },
    })
    const [path] = pathsOf(machine, { events: [{ type: 'xstate.done.actor.load', output: 'hello' }] })
    expect(path?.steps[0]?.state).toEqual({ value: 'b', context: { text: 'hello' } })
  })

  it('stopWhen, or a serializeState that stops counting, ends an endless counter', () => {
    const events = [{ type: 'add', by: 1 } as const]
    const [stopped] = pathsOf(counter, { events, stopWhen: ({ context }) => context.count === 3 })
    expect(stopped?.steps.map(({ state }) => state.context.count)).toEqual([1, 2, 3])
    const serializeState = ({ context }: { context: { count: number } }) => `${Math.min(context.count, 2)}`
    const [merged] = pathsOf(counter, { events, serializeState })
    expect(merged?.steps.map(({ state }) => state.context.count)).toEqual([1, 2, 2])
  })
})
