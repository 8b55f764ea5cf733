import { toMermaid } from 'cutover/inspect'
import { expect, it } from 'vitest'
import { createMachine } from 'xstate'
import { awkwardMachine } from '../../fixtures/awkwardMachine.js'

it('A machine is drawn with its states, guards, delays and finals', () => {
  const door = createMachine({
    id: 'door',
    initial: 'closed',
    states: {
      closed: { on: { open: [{ guard: 'isFree', target: 'open' }, { actions: 'ring' }] } },
      open: { after: { 500: 'closed' }, on: { break: 'gone' } },
      gone: { type: 'final' },
    },
  })
  expect(toMermaid(door).split('\n')).toEqual([
    'stateDiagram-v2',
    '  [*] --> closed',
    '  state "closed" as closed',
    '  state "open" as open',
    '  state "gone" as gone',
    '  gone --> [*]',
    '  closed --> open: open [isFree]',
    '  closed --> closed: open',
    '  open --> gone: break',
    '  open --> closed: after 500',
  ])
})

it('Parallel states, history, actors, transitions of the root and unusual names are drawn too', () => {
  expect(toMermaid(awkwardMachine)).toMatchInlineSnapshot(`
    "stateDiagram-v2
      state "awkward" as the_machine {
        [*] --> state_
        state "state" as state_
        state "two words" as two_20_words
        state "both" as both {
          [*] --> both_left
          state "left" as both_left {
            [*] --> both_left_a
            state "a" as both_left_a
            state "b" as both_left_b
            both_left_b --> [*]
          }
          --
          [*] --> both_right
          state "right" as both_right {
            [*] --> both_right_a
            state "a" as both_right_a
            state "b" as both_right_b
            state "past (history)" as both_right_past
          }
        }
        state "end" as end_
        end_ --> [*]
      }
      the_machine --> state_: RESET
      state_ --> two_20_words: go∶ ”on”, now [isReady]
      state_ --> end_: end
      two_20_words --> both: done
      two_20_words --> end_: error
      two_20_words --> end_: after 1000 [guard]
      both --> both_right_past: back
      both --> end_: done
      both_left_a --> both_left_b
      both_right_a --> both_right_b: x"
  `)
})

it('The label of an edge can be chosen', () => {
  const machine = createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } })
  expect(toMermaid(machine, ({ event }) => `${event} ×3`)).toContain('  a --> b: go ×3')
})
