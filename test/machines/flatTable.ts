import { describe, expect, it } from 'vitest'
import { type AnyStateMachine, transition } from 'xstate'
import { effectsOf } from './effectsOf.js'

/** State → event → next state, and what is done, in order. What is not here changes nothing and does nothing. */
export type FlatTable<State extends string, Type extends string> = Readonly<
  Record<State, Partial<Readonly<Record<Type, string>>>>
>

/** Holds a machine without nested states against a table that was written by hand, not made from it. */
export function holdAgainst<State extends string, Type extends string>(
  machine: AnyStateMachine,
  table: FlatTable<State, Type>,
  events: readonly Type[],
  final: string,
): void {
  const take = (value: State, type: Type) => {
    const [next, actions] = transition(machine, machine.resolveState({ value } as never), { type })
    return `${next.value}: ${effectsOf(actions).join(' ')}`.trimEnd()
  }
  describe('held against a table written by hand', () => {
    for (const [state, row] of Object.entries(table) as [State, (typeof table)[State]][]) {
      for (const event of events) {
        const expected = row[event] ?? `${state}:`
        it(`${state}, on ${event}: ${expected}`, () => {
          expect(take(state, event)).toBe(expected)
        })
      }
    }

    it('The table has every state but the final one', () => {
      expect(Object.keys(machine.states)).toEqual([...Object.keys(table), final])
    })
  })
}
