import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import type { AnyStateMachine, AnyTransitionDefinition, EventFromLogic, SnapshotFrom } from 'xstate'
import { type GraphStep, type StateGraph, shortestPath, stateGraph } from '../../src/testing/paths/index.js'
import { figuresLine } from '../docs/coverage.js'
import { Coverage, type Impossible } from './coverage.js'
import { REPORT, REPORT_VARIABLE, saveCoverage } from './report.js'
import { toursOf } from './tours.js'

/** One step of a machine: an event, and the states before and after it. */
export interface Step<Machine extends AnyStateMachine> {
  readonly event: EventFromLogic<Machine>
  readonly from: SnapshotFrom<Machine>
  readonly to: SnapshotFrom<Machine>
}

/** Runs the events of a machine in the real thing that the machine describes. */
export interface Driver<Machine extends AnyStateMachine> {
  /**
   * Makes the event happen, and throws if anything that can be observed is wrong.
   *
   * @returns the transitions that the real machine has taken; null if the event was refused before it reached the machine
   */
  take(step: Step<Machine>): Promise<readonly AnyTransitionDefinition[] | null>
  /** Stops the real thing, in any state, and throws if anything stays behind. */
  end(): Promise<void>
}

export interface Model<Machine extends AnyStateMachine> {
  readonly title: string
  readonly machine: Machine
  readonly input: Parameters<typeof stateGraph<Machine>>[1]['input']
  /** The events that can happen in a state. */
  possible(state: SnapshotFrom<Machine>): readonly EventFromLogic<Machine>[]
  /** Transitions and outcomes that cannot happen in this setting, and why. */
  readonly impossible: readonly Impossible[]
  /** Sentences that say which events `possible` leaves out. @default none */
  readonly bounds?: readonly string[]
  /** One line that identifies a state. */
  nameOf(state: SnapshotFrom<Machine>): string
  /** A new driver, in the initial state of the machine. */
  begin(): Driver<Machine>
}

/**
 * Generates the test cases of a model: together they reach every reachable state and take every step out of it, in the
 * real thing. Prints how many states and transitions there are, and fails if any of them was not run.
 */
export function runEverything<Machine extends AnyStateMachine>(model: Model<Machine>): void {
  const { title, machine, input, possible, impossible, bounds = [] } = model
  const graph = stateGraph(machine, { input, events: possible })
  const coverage = new Coverage(machine, graph, impossible)
  const tours = toursOf(graph)

  describe(title, () => {
    it.each(inBatches(tours))(
      `tours %i to %i of ${tours.length}: after each step the real thing is in the state of the machine`,
      async (...batch) => {
        for (const tour of batch[2]) await walk(model, graph, tour, coverage)
      },
    )

    it('The tours cover every state, every step, every transition of the source and both outcomes of every guard', () => {
      expect(coverage.missing).toEqual([])
      expect(coverage.mistaken).toEqual([])
      const incomplete = coverage.figures.filter(({ name, found, covered }) => name !== PAIRS && covered !== found)
      expect(incomplete).toEqual([])
    })

    it.skipIf(process.env[REPORT_VARIABLE])(
      `${REPORT} has these figures. If not, run: npm run test:model -- --report`,
      () => {
        expect(readFileSync(REPORT, 'utf8').split('\n')).toContain(figuresLine(title, coverage.figures))
      },
    )

    afterAll(() => {
      console.info(figuresLine(title, coverage.figures))
      saveCoverage({
        title,
        machine,
        figures: coverage.figures,
        crossed: coverage.crossed,
        leftOut: [...bounds, ...coverage.leftOut],
      })
    })
  })
}

/** The tours in batches: the numbers of the first and the last tour, and the tours. */
function inBatches<Tour>(tours: readonly Tour[]): (readonly [number, number, readonly Tour[]])[] {
  const starts = tours.map((_, i) => i).filter(i => i % BATCH === 0)
  return starts.map(i => [i + 1, Math.min(i + BATCH, tours.length), tours.slice(i, i + BATCH)])
}
const BATCH = 40

/** Two transitions in a row. The tours need not cover all of them. */
const PAIRS = 'transition pairs'

/** Runs a tour. If a step fails, runs the shortest path to it: that often fails too, with a clearer error. */
async function walk<Machine extends AnyStateMachine>(
  model: Model<Machine>,
  graph: StateGraph<Machine>,
  tour: readonly GraphStep<Machine>[],
  coverage: Coverage<Machine> | null,
): Promise<void> {
  const driver = model.begin()
  const snapshotOf = (state: number) => graph[state]?.snapshot as SnapshotFrom<Machine>
  for (const [i, step] of tour.entries()) {
    try {
      const taken = await driver.take({ event: step.event, from: snapshotOf(step.from), to: snapshotOf(step.to) })
      coverage?.note(step, tour[i - 1], taken)
    } catch (error) {
      const shortest = shortestPath(
        0,
        state => graph[state]?.steps ?? [],
        it => it === step,
      )
      if (coverage !== null) await walk(model, graph, shortest ?? [], null)
      throw explained(error, tour.slice(0, i + 1), model.nameOf(snapshotOf(step.from)))
    }
  }
  await driver.end()
}

function explained(thrown: unknown, steps: readonly { readonly event: object }[], state: string): unknown {
  if (!(thrown instanceof Error)) return thrown
  const events = steps.map(({ event }) => `  ${JSON.stringify(event)}`)
  thrown.message += `\n\nin: ${state}\nafter these events, the last of which failed:\n${events.join('\n')}\n`
  return thrown
}
