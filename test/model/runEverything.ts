import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import type { AnyStateMachine, AnyTransitionDefinition, EventFromLogic, SnapshotFrom } from 'xstate'
import { type GraphStep, type StateGraph, shortestPath, stateGraph } from '../../src/testing/paths/index.js'
import { figuresLine } from '../docs/coverage.js'
import { Coverage, type Impossible } from './coverage.js'
import { REPORT, REPORT_VARIABLE, saveCoverage } from './report.js'
import { toursOf } from './tours.js'

/** One step of a machine: what happens to it, and where that leads. */
export interface Step<Machine extends AnyStateMachine> {
  readonly event: EventFromLogic<Machine>
  readonly from: SnapshotFrom<Machine>
  readonly to: SnapshotFrom<Machine>
}

/** The real thing that a machine describes. */
export interface Driver<Machine extends AnyStateMachine> {
  /**
   * Brings the event about, and throws unless all that can be seen is as it must be. Gives the transitions that its
   * machine has taken; null when the event is refused before it gets there.
   */
  take(step: Step<Machine>): Promise<readonly AnyTransitionDefinition[] | null>
  /** Takes it down, in whatever state it is, and throws if anything is left. */
  end(): Promise<void>
}

export interface Model<Machine extends AnyStateMachine> {
  readonly title: string
  readonly machine: Machine
  readonly input: Parameters<typeof stateGraph<Machine>>[1]['input']
  /** What can happen in a state. */
  possible(state: SnapshotFrom<Machine>): readonly EventFromLogic<Machine>[]
  /** What cannot be run in this setting, and why. */
  readonly impossible: readonly Impossible[]
  /** Where `possible` stops short, in sentences. @default nowhere */
  readonly bounds?: readonly string[]
  /** One line that tells a state from all others. */
  nameOf(state: SnapshotFrom<Machine>): string
  /** A new one, as the machine is at first. */
  begin(): Driver<Machine>
}

/**
 * Makes the test cases of a model: between them every reachable state is reached and every step out of it is taken, in
 * the real thing. Says how much there is and how much of it was run, and fails unless that is all of it.
 */
export function runEverything<Machine extends AnyStateMachine>(model: Model<Machine>): void {
  const { title, machine, input, possible, impossible, bounds = [] } = model
  const graph = stateGraph(machine, { input, events: possible })
  const coverage = new Coverage(machine, graph, impossible)
  const tours = toursOf(graph)

  describe(title, () => {
    it.each(inBatches(tours))(
      `ways %i to %i of ${tours.length}: it is as it must be after each step`,
      async (...batch) => {
        for (const tour of batch[2]) await walk(model, graph, tour, coverage)
      },
    )

    it('Every state, every step out of it, every written transition and both outcomes of every guard were run', () => {
      expect(coverage.missing).toEqual([])
      expect(coverage.mistaken).toEqual([])
      const incomplete = coverage.figures.filter(({ name, found, covered }) => name !== PAIRS && covered !== found)
      expect(incomplete).toEqual([])
    })

    it.skipIf(process.env[REPORT_VARIABLE])(`${REPORT} says so: else run npm run test:model -- --report`, () => {
      expect(readFileSync(REPORT, 'utf8').split('\n')).toContain(figuresLine(title, coverage.figures))
    })

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

/** A test case each, as the numbers of its first and last tour, and those tours. */
function inBatches<Tour>(tours: readonly Tour[]): (readonly [number, number, readonly Tour[]])[] {
  const starts = tours.map((_, i) => i).filter(i => i % BATCH === 0)
  return starts.map(i => [i + 1, Math.min(i + BATCH, tours.length), tours.slice(i, i + BATCH)])
}
const BATCH = 40

/** Two transitions in a row: how many were run is said, and need not be all. */
const PAIRS = 'transition pairs'

/** Walks a tour. If it fails, then the shortest way to the step that failed, which may well fail too, and says more. */
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
  thrown.message += `\n\nin: ${state}\nafter these events, of which the last went wrong:\n${events.join('\n')}\n`
  return thrown
}
