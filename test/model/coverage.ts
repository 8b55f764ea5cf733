import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate'
import type { GraphStep, StateGraph } from '../../src/testing/paths/index.js'
import { nameOf, outcomesOf, writtenOutcomes, writtenTransitions } from './transitions.js'

/** Transitions, and outcomes of guards (`… [guard] true`), that cannot happen in a setting. */
export interface Impossible {
  readonly what: RegExp
  readonly why: string
}

/** How many things of a kind there are, and how many of them were run. */
export interface Figure {
  readonly name: string
  readonly found: number
  readonly covered: number
}

/** The parts of a machine that were run in the real thing. */
export class Coverage<Machine extends AnyStateMachine> {
  /** How many tours crossed each transition of the source, by its name. */
  readonly crossed = new Map<string, number>()
  /** The transitions that the current tour has crossed. */
  #inThisTour = new Set<string>()
  readonly #outcomes = new Set<string>()
  readonly #states = new Set<number>([0])
  readonly #steps = new Set<GraphStep<Machine>>()
  readonly #numbers: ReadonlyMap<GraphStep<Machine>, number>
  readonly #pairs = new Set<number>()
  readonly #machine: AnyStateMachine
  readonly #graph: StateGraph<Machine>
  readonly #impossible: readonly Impossible[]

  constructor(machine: Machine, graph: StateGraph<Machine>, impossible: readonly Impossible[]) {
    this.#machine = machine
    this.#graph = graph
    this.#impossible = impossible
    this.#numbers = new Map(graph.flatMap(({ steps }) => steps).map((step, i) => [step, i]))
  }

  /** Records a step that was run after `before`, and its transitions; null if the event did not reach the machine. */
  note(
    step: GraphStep<Machine>,
    before: GraphStep<Machine> | undefined,
    taken: readonly AnyTransitionDefinition[] | null,
  ): void {
    this.#states.add(step.to)
    this.#steps.add(step)
    if (before !== undefined) this.#pairs.add(this.#numberOf(before) * this.#numbers.size + this.#numberOf(step))
    if (before === undefined) this.#inThisTour = new Set()
    if (taken === null) return
    for (const name of taken.map(nameOf)) this.#cross(name)
    const [from, to] = [this.#graph[step.from]?.snapshot, this.#graph[step.to]?.snapshot]
    if (from === undefined || to === undefined) throw new Error(`Step ${step.from} to ${step.to} is not in the graph.`)
    for (const outcome of outcomesOf(from, step.event, to, taken)) this.#outcomes.add(outcome)
  }

  #cross(name: string): void {
    if (this.#inThisTour.has(name)) return
    this.#inThisTour.add(name)
    this.crossed.set(name, (this.crossed.get(name) ?? 0) + 1)
  }

  get figures(): Figure[] {
    const { length } = this.#graph
    const pairs = this.#graph.reduce((sum, { steps }) => sum + this.#after(steps), 0)
    const [transitions, outcomes] = [this.#possibleTransitions, this.#possibleOutcomes]
    return [
      { name: 'states', found: length, covered: this.#states.size },
      { name: 'transitions', found: this.#numbers.size, covered: this.#steps.size },
      { name: 'edges of the chart', found: transitions.length, covered: count(transitions, this.crossed) },
      { name: 'guard outcomes', found: outcomes.length, covered: count(outcomes, this.#outcomes) },
      { name: 'transition pairs', found: pairs, covered: this.#pairs.size },
    ]
  }

  /** Transitions and outcomes that were not run, and are not impossible. */
  get missing(): string[] {
    const transitions = this.#possibleTransitions.filter(name => !this.crossed.has(name))
    return [...transitions, ...this.#possibleOutcomes.filter(name => !this.#outcomes.has(name))]
  }

  /** Transitions and outcomes that are listed as impossible, but were run or do not exist. */
  get mistaken(): string[] {
    const all = [...written(this.#machine), ...writtenOutcomes(this.#machine)]
    const run = [...this.crossed.keys(), ...this.#outcomes].filter(name => this.#isImpossible(name))
    const stale = this.#impossible.filter(({ what }) => !all.some(name => what.test(name))).map(({ what }) => `${what}`)
    return [...run, ...stale]
  }

  /** Sentences that list what is impossible, and why. */
  get leftOut(): string[] {
    const all = [...written(this.#machine), ...writtenOutcomes(this.#machine)]
    return this.#impossible.map(({ what, why }) => {
      const names = all.filter(name => what.test(name)).map(name => `\`${name}\``)
      return `${names.join(', ')}: ${why}`
    })
  }

  #isImpossible(name: string): boolean {
    return this.#impossible.some(({ what }) => what.test(name))
  }

  get #possibleTransitions(): string[] {
    return written(this.#machine).filter(name => !this.#isImpossible(name))
  }

  get #possibleOutcomes(): string[] {
    return writtenOutcomes(this.#machine).filter(name => !this.#isImpossible(name))
  }

  #numberOf(step: GraphStep<Machine>): number {
    const number = this.#numbers.get(step)
    if (number === undefined) throw new Error(`The step ${JSON.stringify(step)} is not in the graph.`)
    return number
  }

  #after(steps: readonly GraphStep<Machine>[]): number {
    return steps.reduce((sum, { to }) => sum + (this.#graph[to]?.steps.length ?? 0), 0)
  }
}

function written(machine: AnyStateMachine): string[] {
  return [...new Set(writtenTransitions(machine).map(nameOf))]
}

function count(names: readonly string[], among: { has(name: string): boolean }): number {
  return names.filter(name => among.has(name)).length
}
