import type { Handover } from '../../../machines/index.js'
import { asError } from '../../errors.js'
import { Deadline } from '../deadline.js'
import { skippedCase, type TestCase } from '../testCase.js'
import { type AggregateScenariosOptions, type CompiledScenarios, compileScenarios } from './options.js'
import { ScenarioGraph } from './scenarioGraph.js'
import { ScenarioRun } from './scenarioRun.js'
import { disposed, SCENARIOS, type Scenario } from './scenarios.js'
import { expectedStatus } from './statusCheck.js'
import type { Step } from './steps.js'

/** One way to the goals of a scenario. */
interface Plan {
  readonly handover: Handover
  readonly path: readonly Step[]
  /** The version that never starts. */
  readonly broken: string | undefined
}

/**
 * Switches between versions of your own runtime in every way: added late, started ahead, promoted, replaced, cancelled,
 * failed, died, stopped and disposed of in the middle. Gives cases for any test runner; give it at least twice `timeout`
 * for each.
 *
 * The paths are generated: each is the shortest way to its goals in the graph of `aggregateMachine`. A real `Aggregate`
 * walks it with your runtimes, whose events are let through at the step that the path has for them. After each step the
 * aggregate must be in the state of its statechart, subscribers must have heard what they should, and calls must be
 * answered by the active version: those in flight during a switch, and those that waited for one, in their order.
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
      if (event.type === 'version.failedToStart') return event.version === broken
      return event.type !== 'version.running' || event.version !== broken
    }
    const plans = pathFinders.flatMap(({ handover, find }): Plan[] => {
      const path = find([...scenario.goals, disposed], isAllowed)
      return path === undefined ? [] : [{ handover, path, broken }]
    })
    return casesOf(scenario, withoutTwins(plans), compiled)
  })
}

function casesOf({ name }: Scenario, plans: readonly Plan[], options: CompiledScenarios): TestCase[] {
  const { versions, handovers } = options
  if (plans.length === 0) {
    const setting = `${versions.length} versions and handover ${handovers.join(', ')}`
    return [skippedCase(name, `No path of the statechart leads there with ${setting}.`)]
  }
  return plans.map(plan => {
    const title = plans.length > 1 ? `${name} (${plan.handover})` : name
    const skip = lackOf(plan.path, options)
    return skip === undefined ? { name: title, run: () => run(title, plan, options) } : skippedCase(title, skip)
  })
}

/** Most goals can be reached with two versions; a third one makes ten times as many states. */
function pathFinder(handover: Handover, versions: readonly string[]): ScenarioGraph['path'] {
  const few = new ScenarioGraph(handover, versions.slice(0, 2))
  const many = versions.length > 2 ? new ScenarioGraph(handover, versions, true) : few
  return (goals, isAllowed) => few.path(goals, isAllowed) ?? many.path(goals, isAllowed)
}

/** Where the handover makes no difference, one plan is enough. */
function withoutTwins(plans: readonly Plan[]): Plan[] {
  const textOf = ({ path }: Plan) => JSON.stringify(path.map(({ event, to }) => [event, expectedStatus(to)]))
  const texts = plans.map(textOf)
  return plans.filter((_, i) => texts.indexOf(texts[i] ?? '') === i)
}

function lackOf(path: readonly Step[], { crash, provisionBroken }: CompiledScenarios): string | undefined {
  const has = (type: Step['event']['type']) => path.some(({ event }) => event.type === type)
  if (crash === undefined && has('version.lost')) return 'Give "crash", which makes a runtime die.'
  if (provisionBroken !== undefined || !has('version.failedToStart')) return undefined
  return 'Give "provisionBroken", which makes a runtime that fails to start.'
}

/** What went wrong in the case goes before what went wrong in cleaning up. */
async function run(name: string, { handover, path, broken }: Plan, options: CompiledScenarios): Promise<void> {
  const walk = new ScenarioRun(options, handover, broken, new Deadline(options.timeout))
  const cleanUp = () => walk.dispose(new Deadline(options.timeout))
  try {
    await walk.take(path)
  } catch (thrown) {
    await cleanUp().catch(() => {})
    const cause = asError(thrown)
    throw new Error(`Scenario "${name}": ${cause.message}`, { cause: cause.cause ?? cause })
  }
  await cleanUp()
}
