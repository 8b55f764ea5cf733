import { readFileSync } from 'node:fs'
import { type Order, type RolloutSnapshot, rolloutMachine } from 'cutover/machines'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { safeLogger } from '../../src/contract/index.js'
import { compilePlan } from '../../src/rollout/plan.js'
import { placeOf } from '../../src/rollout/status.js'
import { type GraphStep, stateGraph } from '../../src/testing/paths/index.js'
import { figuresLine } from '../docs/coverage.js'
import { randomFrom } from '../fixtures/randomFrom.js'
import { EdgeCoverage } from './edgeCoverage.js'
import { REPORT, REPORT_VARIABLE, saveCoverage } from './report.js'
import { ACTIVE, COMMON, PLANS, type Place, RolloutDriver } from './rolloutDriver.js'
import type { ModelEvent } from './rolloutOracle.js'
import { toursOf } from './tours.js'

const provision = () => null as never
const facts = (plan: keyof typeof PLANS) =>
  compilePlan({ provision, ...COMMON, ...PLANS[plan] }, safeLogger(undefined, {})).facts

/** States that are left at once, by the event that tells of the success of their effect: the rollout rests in the others. */
const PASSED: Readonly<Record<string, ModelEvent>> = {
  promoting: { type: 'promoted', hasStandby: true },
  finishing: { type: 'finished' },
  reverting: { type: 'reverted' },
  rejecting: { type: 'left' },
}

const why = 'in the model'
/** Ends that may come in every state with a candidate. */
const ENDS = [
  { type: 'cancel', id: null, why },
  { type: 'close' },
  { type: 'halted', why },
  { type: 'interfered', why },
] as const satisfies readonly ModelEvent[]
const lost = { type: 'lost', why } as const
const unhealthy = { type: 'unhealthy', why } as const
const judged = (verdict: 'healthy' | 'unknown', advance: boolean, canCompare = true) =>
  ({ type: 'judged', verdict, advance, canCompare }) as const

/** The events of a place, besides the ends and the orders. */
const EVENTS: Readonly<Record<string, readonly ModelEvent[]>> = {
  preparing: [{ type: 'up' }, { type: 'failed', why }, { type: 'xstate.after.startTimeout.rollout.preparing' }],
  verifying: [
    { type: 'verified', canCompare: true },
    { type: 'verified', canCompare: false },
    { type: 'failed', why },
    lost,
    { type: 'xstate.after.verifyTimeout.rollout.verifying' },
  ],
  'stepping.running': [
    judged('healthy', false),
    judged('unknown', false),
    judged('unknown', true),
    judged('unknown', false, false),
    unhealthy,
    lost,
    { type: 'pause' },
    { type: 'xstate.after.stepTimeout.rollout.stepping.running' },
  ],
  'stepping.held': [judged('unknown', true), judged('unknown', true, false), unhealthy, lost],
  'stepping.paused': [{ type: 'resume' }, unhealthy, lost],
  'soaking.watching': [{ type: 'suspected' }, { type: 'soaked' }, { type: 'rollBack' }, lost],
  'soaking.crossing': [
    { type: 'crossed' },
    unhealthy,
    { type: 'rollBack' },
    lost,
    { type: 'xstate.after.soak.rollout.soaking.crossing' },
  ],
}

function pathOf(state: RolloutSnapshot): string {
  const { state: name, phase } = placeOf(state)
  return phase === null ? name : `${name}.${phase}`
}

function order(state: RolloutSnapshot, plan: keyof typeof PLANS, force = false, version = 'new'): ModelEvent {
  const one: Order = { id: state.context.order?.id === 1 ? 2 : 1, version, plan: facts(plan) }
  return { type: 'order', order: one, force }
}

/** The events that can happen in a state. */
function possible(state: RolloutSnapshot): readonly ModelEvent[] {
  const path = pathOf(state)
  const passed = PASSED[path]
  if (passed !== undefined) return [passed]
  const { order: current, isSoaked } = state.context
  if (path === 'disposed') return []
  if (path === 'idle') {
    return [order(state, 'steps'), order(state, 'bare'), order(state, 'steps', false, ACTIVE), { type: 'close' }]
  }
  if (current?.version === ACTIVE) return [{ type: 'already' }]
  const isSoaking = path.startsWith('soaking')
  const orders = [order(state, 'bare'), ...(isSoaking ? [order(state, 'bare', true)] : [])]
  const soaked = path === 'soaking.crossing' && !isSoaked ? [{ type: 'soaked' } as const] : []
  const signal = { type: 'cancel', id: current?.id ?? 0, why } as const
  return [...orders, ...ENDS, signal, ...(EVENTS[path] ?? []), ...soaked]
}

/** States that differ in no more than the number of an order, or in how the last one ended, are one. */
function keyOf(state: RolloutSnapshot): string {
  const { order: current, step, isSoaked, isClosing, pending, ending } = state.context
  const orderKey = current === null ? null : [current.version, current.plan.steps.length]
  // An order that waits begins in the next state: it is always the same.
  return JSON.stringify([
    pathOf(state),
    orderKey,
    pending !== null,
    ending !== null && current !== null,
    step,
    isSoaked,
    isClosing,
  ])
}

const TITLE = 'a rollout, tours through its state graph'
const LEFT_OUT = [
  'Events in the states that are left at once: promoting, finishing, reverting and rejecting. The scenarios have them.',
  'Unhealthy without a comparison, and a standby that is lost. The scenarios have them.',
]
const coverage = new EdgeCoverage(rolloutMachine)
const taken = new Set<GraphStep<typeof rolloutMachine>>()
const graph = stateGraph(rolloutMachine, { events: possible as never, serializeState: keyOf })
const tours = toursOf(graph, 60)

function placeAfter(step: GraphStep<typeof rolloutMachine>): Place | null {
  const snapshot = graph[step.to]?.snapshot as RolloutSnapshot
  const path = pathOf(snapshot)
  // Where it does not rest, it has gone on by now.
  if (PASSED[path] !== undefined || snapshot.context.order?.version === ACTIVE) return null
  return { place: path, step: path.startsWith('stepping') ? snapshot.context.step : null }
}

describe('Tours through the state graph of a rollout, by the public API', () => {
  it.each(tours.map((tour, n) => [n + 1, tour] as const))(
    `tour %i of ${tours.length}: after each event it is in the state of the machine, and all is as the oracle says`,
    async (n, tour) => {
      const random = vi.spyOn(Math, 'random').mockImplementation(randomFrom(n))
      onTestFinished(() => random.mockRestore())
      const driver = await RolloutDriver.begin()
      const events: string[] = []
      try {
        for (const step of tour) {
          events.push(`${pathOf(graph[step.from]?.snapshot as RolloutSnapshot)}: ${JSON.stringify(step.event)}`)
          await driver.take(step.event as ModelEvent, graph[step.from]?.snapshot as RolloutSnapshot, placeAfter(step))
        }
        await driver.end()
        for (const step of tour) taken.add(step)
        coverage.note(driver.recorder.take())
      } catch (error) {
        ;(error as Error).message += `\n\nseed ${n}, after:\n${events.join('\n')}`
        throw error
      }
    },
  )

  it('take every step of the graph', () => {
    const steps = graph.flatMap(it => it.steps)
    expect(steps.filter(step => !taken.has(step))).toEqual([])
    const reached = new Set(graph.map(({ snapshot }) => pathOf(snapshot as RolloutSnapshot)))
    expect([...reached].sort()).toEqual([...Object.keys(EVENTS), ...Object.keys(PASSED), 'disposed', 'idle'].sort())
  })

  it.skipIf(process.env[REPORT_VARIABLE])(
    `${REPORT} has these figures. If not, run: npm run test:model -- --report`,
    () => {
      expect(readFileSync(REPORT, 'utf8').split('\n')).toContain(figuresLine(TITLE, covered().figures))
    },
  )

  afterAll(() => saveCoverage(covered()))
})

function covered() {
  const steps = graph.flatMap(it => it.steps)
  const reached = new Set([0, ...[...taken].map(({ to }) => to)])
  const figures = [
    { name: 'states', found: graph.length, covered: reached.size },
    { name: 'transitions', found: steps.length, covered: taken.size },
  ]
  return coverage.of(TITLE, figures, LEFT_OUT)
}
