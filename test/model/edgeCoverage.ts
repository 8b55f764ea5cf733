import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate'
import type { MachineCoverage } from '../docs/coverage.js'
import type { Figure } from './coverage.js'
import { nameOf, writtenTransitions } from './transitions.js'

/** The transitions of a machine that runs of the real thing have taken. */
export class EdgeCoverage {
  /** In how many runs each transition was taken, by its name. */
  readonly crossed = new Map<string, number>()
  readonly #machine: AnyStateMachine
  readonly #written: readonly string[]

  constructor(machine: AnyStateMachine) {
    this.#machine = machine
    this.#written = [...new Set(writtenTransitions(machine).map(nameOf))]
  }

  /** Counts the transitions of one run. */
  note(transitions: readonly AnyTransitionDefinition[]): void {
    for (const name of new Set(transitions.map(nameOf))) this.crossed.set(name, (this.crossed.get(name) ?? 0) + 1)
  }

  get missing(): string[] {
    return this.#written.filter(name => !this.crossed.has(name))
  }

  /** For the page about coverage. @param figures - others than the transitions of the source */
  of(title: string, figures: readonly Figure[], leftOut: readonly string[]): MachineCoverage {
    const [found, covered] = [this.#written.length, this.#written.length - this.missing.length]
    const edges = { name: 'edges of the chart', found, covered }
    return { title, machine: this.#machine, figures: [...figures, edges], crossed: this.crossed, leftOut }
  }
}
