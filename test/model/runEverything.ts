import { afterAll, describe, expect, it } from 'vitest'
import type { AnyStateMachine, SnapshotFrom } from 'xstate'
import { definedTransitions, type Place, type Step } from './explore.js'

export interface Model<Machine extends AnyStateMachine> {
  readonly title: string
  readonly machine: Machine
  readonly places: readonly Place<Machine>[]
  /** Written transitions that cannot be taken in this setting. */
  readonly cannot?: RegExp
  /** One line that tells a state from all others. */
  nameOf(state: SnapshotFrom<Machine>): string
  /** Takes these steps from the start, in the real thing, and compares after each; notes the transitions crossed. */
  walk(steps: readonly Step<Machine>[], crossed: Set<string>): Promise<void>
}

/**
 * Makes the test cases of a model: each state is reached, each step out of it is taken. Says how many there are and how
 * many were run, and fails unless that is all of them. Gives the transitions crossed, which it goes on filling.
 */
export function runEverything<Machine extends AnyStateMachine>(model: Model<Machine>): ReadonlySet<string> {
  const { title, machine, places, cannot, nameOf, walk } = model
  const total = places.reduce((sum, { exits }) => sum + exits.length, 0)
  const written = definedTransitions(machine).filter(name => cannot?.test(name) !== true)
  const crossed = new Set<string>()
  const missing = () => written.filter(name => !crossed.has(name))
  const run = { states: 0, steps: 0 }

  describe(title, () => {
    it.each(places.map(place => [nameOf(place.state), place] as const))(
      '%s: it is reached, and every step out of it leads where the machine says',
      async (_, { path, exits }) => {
        await walk(path, crossed)
        run.states++
        for (const exit of exits) {
          await walk([...path, exit], crossed)
          run.steps++
        }
      },
    )

    it('All states, all steps out of them and all written transitions were run', () => {
      expect(run).toEqual({ states: places.length, steps: total })
      expect(missing()).toEqual([])
    })

    afterAll(() => {
      console.info(
        `${title}: ${run.states} of ${places.length} states, ${run.steps} of ${total} steps, ` +
          `${written.length - missing().length} of ${written.length} written transitions`,
      )
    })
  })
  return crossed
}

/** Makes a test case, to run after the models: between them, every written transition was crossed. */
export function crossesEverything(machine: AnyStateMachine, crossed: readonly ReadonlySet<string>[]): void {
  it(`Every written transition of ${machine.id} was crossed in one setting or another`, () => {
    const union = new Set(crossed.flatMap(names => [...names]))
    expect(definedTransitions(machine).filter(name => !union.has(name))).toEqual([])
  })
}
