import type { Handover } from '../../../machines/index.js'
import { asError } from '../../contract/index.js'
import { Deadline } from '../deadline.js'
import { runAndCleanUp, skippedCase, type TestCase } from '../testCase.js'
import { type AggregateScenariosOptions, type CompiledScenarios, compileScenarios } from './options.js'
import { ScenarioGraph } from './scenarioGraph.js'
import { ScenarioRun } from './scenarioRun.js'
import { isDisposed, SCENARIOS, type Scenario } from './scenarios.js'
import { expectedStatus } from './statusCheck.js'
import type { Step } from './steps.js'

/** A scenario with one handover, as a path through the statechart. */
interface Plan {
  readonly handover: Handover
  readonly path: readonly Step[]
  /** The version that never starts. */
  readonly broken: string | undefined
}

/**
 * Tests a runtime in every kind of switch: versions are added late, started ahead, promoted, replaced, cancelled and swapped;
 * they fail to start and crash; the aggregate is stopped and disposed of in the middle of a switch. Gives the scenarios as test
 * cases, for any test runner. Allow each case twice `timeout`.
 *
 * The paths are generated: each scenario has a list of goals, and takes the shortest path to them in the graph of
 * `aggregateMachine`. A real `Aggregate` then follows the path with your runtimes. Their events are buffered, and released
 * at the step of the path that they belong to. After each step the aggregate must be in the state of its statechart,
 * subscribers must have got the right events, and the active version must answer calls: those in flight during the step,
 * and those that waited for an active version, in their order.
 *
 * ```ts
 * const rules = childProcess({ module: new URL('./rules.js', import.meta.url) })
 * const scenarios = aggregateScenarios({ id: 'rules', provision: rules, request: { amount: 100 } })
 * for (const { name, run, skip } of scenarios) it.skipIf(skip)(name, run, 20_000)
 * ```
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`, `CUTOVER_INVALID_VERSION`
 */
export function aggregateScenarios<Req = unknown, Res = unknown>(
  options: AggregateScenariosOptions<Req, Res>,
): TestCase[] {
  const compiled = compileScenarios(options)
  const pathFinders = compiled.handovers.map(handover => ({
    handover,
    find: pathFinder(handover, compiled.versions),
  }))
  return SCENARIOS.flatMap(scenario => {
    const broken = scenario.broken === undefined ? undefined : compiled.versions[scenario.broken]
    const isAllowed = ({ event }: Step): boolean => {
      if (event.type === 'version.failed') return event.version === broken
      return event.type !== 'version.running' || event.version !== broken
    }
    const plans = pathFinders.flatMap(({ handover, find }): Plan[] => {
      const path = find([...scenario.goals, isDisposed], isAllowed)
      return path === undefined ? [] : [{ handover, path, broken }]
    })
    return casesOf(scenario, withoutDuplicates(plans), compiled)
  })
}

function casesOf({ name }: Scenario, plans: readonly Plan[], options: CompiledScenarios): TestCase[] {
  const { versions, handovers } = options
  if (plans.length === 0) {
    const setting = `${versions.length} versions and handover ${handovers.join(', ')}`
    return [skippedCase(name, `The statechart has no path for it with ${setting}.`)]
  }
  return plans.map(plan => {
    const title = plans.length > 1 ? `${name} (${plan.handover})` : name
    const skip = missingOption(plan.path, options)
    return skip === undefined ? { name: title, run: () => run(title, plan, options) } : skippedCase(title, skip)
  })
}

/** Tries two versions first: a third one makes ten times as many states, and most scenarios do not need it. */
function pathFinder(handover: Handover, versions: readonly string[]): ScenarioGraph['path'] {
  const small = new ScenarioGraph(handover, versions.slice(0, 2))
  const large = versions.length > 2 ? new ScenarioGraph(handover, versions, true) : small
  return (goals, isAllowed) => small.path(goals, isAllowed) ?? large.path(goals, isAllowed)
}

/** Drops a plan if another handover leads through the same states by the same events. */
function withoutDuplicates(plans: readonly Plan[]): Plan[] {
  const keys = plans.map(({ path }) => JSON.stringify(path.map(({ event, to }) => [event, expectedStatus(to)])))
  return plans.filter((_, i) => keys.indexOf(keys[i] ?? '') === i)
}

function missingOption(path: readonly Step[], { crash, provisionBroken }: CompiledScenarios): string | undefined {
  const has = (type: Step['event']['type']) => path.some(({ event }) => event.type === type)
  if (crash === undefined && has('version.lost')) return 'It needs the option "crash", which crashes a runtime.'
  if (provisionBroken !== undefined || !has('version.failed')) return undefined
  return 'It needs the option "provisionBroken", which makes a runtime that fails to start.'
}

async function run(name: string, { handover, path, broken }: Plan, options: CompiledScenarios): Promise<void> {
  const scenario = new ScenarioRun(options, handover, broken, new Deadline(options.timeout))
  try {
    await runAndCleanUp(
      () => scenario.run(path),
      () => scenario.dispose(new Deadline(options.timeout)),
    )
  } catch (thrown) {
    const cause = asError(thrown)
    throw new Error(`Scenario "${name}": ${cause.message}`, { cause: cause.cause ?? cause })
  }
}
