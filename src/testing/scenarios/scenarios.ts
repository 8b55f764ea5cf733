import type { Goal } from './scenarioGraph.js'
import { innermostState, type ModelState, type Step, servingVersion, versionState } from './steps.js'

/** A scenario, as the goals that its path reaches one after the other. */
export interface Scenario {
  readonly name: string
  readonly goals: readonly Goal[]
  /** The index of the version that never starts. @default none */
  readonly broken?: number
}

/** The aggregate is settled, its active version answers calls, and there is no next version. */
const servesAlone: Goal = ({ to }) => isServing(to) && to.context.next === null
/** The same, with a next version that is running. */
const servesWithNext: Goal = ({ to }) => isServing(to) && versionState(to, to.context.next) === 'running'
/** The same, with a next version that is starting. */
const servesWithStartingNext: Goal = ({ to }) => isServing(to) && versionState(to, to.context.next) === 'starting'
const isStopped: Goal = ({ to }) => innermostState(to) === 'stopped'
export const isDisposed: Goal = ({ to }) => innermostState(to) === 'disposed'

/** `setVersion()` wants the next version as active. With `replacesNext` it also wants a new version as next. */
const promotes = (replacesNext = false): Goal =>
  setsVersion(
    ({ wanted, next }, before) =>
      next !== null && wanted.active === next && (replacesNext ? isNew(wanted.next, before) : wanted.next === null),
  )
const replacesNext = setsVersion(
  ({ wanted, active, next }, before) =>
    next !== null && wanted.active === active && wanted.next !== next && isNew(wanted.next, before),
)
const cancelsNext = setsVersion(
  ({ wanted, active, next }) => next !== null && wanted.active === active && wanted.next === null,
)
/** `setVersion()` wants a new version as active. */
const switchesToNew = setsVersion(
  ({ wanted, active, next }, before) =>
    active !== null && next === null && wanted.active !== active && isNew(wanted.active, before),
)

const swaps: Goal = ({ event }) => event.type === 'swap'

/** A version is added that gets this role at once. */
const adds =
  (role: 'active' | 'next'): Goal =>
  ({ event, from, to }) =>
    event.type === 'addVersion' && innermostState(from) === 'settled' && to.context[role] === event.version

/** A version in this role fails to start, or crashes, while the aggregate is settled. */
const fails =
  (type: 'version.failed' | 'version.lost', role: 'active' | 'next'): Goal =>
  ({ event, from }) =>
    event.type === type &&
    event.version === from.context[role] &&
    innermostState(from) === 'settled' &&
    (role === 'active' || isServing(from))

const crashesDuringPromotion: Goal = ({ event, from }) =>
  event.type === 'version.lost' &&
  event.version === from.context.wanted.active &&
  ['stoppingActive', 'retiring'].includes(innermostState(from))

const callsDuring =
  (state: string, method: 'start' | 'stop' | 'dispose'): Goal =>
  ({ event, from }) =>
    event.type === method && innermostState(from) === state

const STATES_IN_PROGRESS = [
  ['stoppingActive', 'the old active version stops'],
  ['stoppingNext', 'an unwanted next version stops'],
  ['retiring', 'the old active version stops behind the new one'],
] as const

/** All scenarios. Each also ends with `dispose()`. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'add: a version that is wanted already starts as soon as it is added',
    goals: [adds('active'), servesAlone],
  },
  {
    name: 'add: a version that is wanted as next already starts behind the active one as soon as it is added',
    goals: [servesAlone, adds('next'), servesWithNext],
  },
  {
    name: 'prewarm: a next version starts ahead while the active one answers calls',
    goals: [servesAlone, servesWithNext],
  },
  {
    name: 'promote: a next version that is running takes over',
    goals: [servesWithNext, promotes(), servesAlone],
  },
  {
    name: 'promote: a next version that is still starting takes over',
    goals: [servesWithStartingNext, promotes(), servesAlone],
  },
  {
    name: 'promote: a version that was not started ahead takes over',
    goals: [servesAlone, switchesToNew, servesAlone],
  },
  {
    name: 'promote: a next version takes over, and another one starts behind it',
    goals: [servesWithNext, promotes(true), servesWithNext],
  },
  {
    name: 'replace next: another version starts in its place',
    goals: [servesWithNext, replacesNext, servesWithNext],
  },
  {
    name: 'cancel: a next version that is running is dropped',
    goals: [servesWithNext, cancelsNext, servesAlone],
  },
  {
    name: 'cancel: a next version that is still starting is dropped',
    goals: [servesWithStartingNext, cancelsNext, servesAlone],
  },
  {
    name: 'swap: active and next change places, and change back',
    goals: [servesWithNext, swaps, swaps],
  },
  {
    name: 'swap: the standby is dropped',
    goals: [servesWithNext, swaps, cancelsNext, servesAlone],
  },
  {
    name: 'swap: the standby crashes, restarts and becomes active again',
    goals: [servesWithNext, swaps, fails('version.lost', 'next'), servesWithNext, swaps],
  },
  {
    name: 'swap: an active version that has crashed makes way, and restarts as standby',
    goals: [servesWithNext, fails('version.lost', 'active'), swaps, servesWithNext],
  },
  {
    name: 'swap: both versions start in their new roles after a stop',
    goals: [servesWithNext, swaps, isStopped, servesWithNext],
  },
  {
    name: 'fail to start: a next version fails to start, and is dropped',
    goals: [servesAlone, fails('version.failed', 'next'), cancelsNext, servesAlone],
    broken: 1,
  },
  {
    name: 'fail to start: an active version fails to start, and another one takes its place',
    goals: [servesAlone, fails('version.failed', 'active'), servesAlone],
    broken: 1,
  },
  {
    name: 'crash: a next version crashes and restarts',
    goals: [servesWithNext, fails('version.lost', 'next'), servesWithNext],
  },
  {
    name: 'crash: an active version crashes and restarts',
    goals: [servesAlone, fails('version.lost', 'active'), servesAlone],
  },
  {
    name: 'crash: an active version crashes, and the next one takes over',
    goals: [servesWithNext, fails('version.lost', 'active'), promotes(), servesAlone],
  },
  {
    name: 'crash: a new version crashes while the old one stops',
    goals: [servesWithNext, promotes(), crashesDuringPromotion, servesAlone],
  },
  ...STATES_IN_PROGRESS.map(([state, meaning]) => ({
    name: `stop: while ${meaning}`,
    goals: [servesAlone, callsDuring(state, 'stop'), isStopped, servesAlone],
  })),
  {
    name: 'stop: and start again before all versions are stopped',
    goals: [servesWithNext, callsDuring('halting', 'start'), servesAlone],
  },
  ...STATES_IN_PROGRESS.map(([state, meaning]) => ({
    name: `dispose: while ${meaning}`,
    goals: [servesAlone, callsDuring(state, 'dispose')],
  })),
]

function isServing(state: ModelState): boolean {
  return innermostState(state) === 'settled' && servingVersion(state) !== null
}

type Roles = Pick<ModelState['context'], 'active' | 'next' | 'wanted'>

/**
 * `setVersion()` while the aggregate is settled. `matches` gets the active and next version before it, with the pair that
 * is wanted after it; and the whole context before it.
 */
function setsVersion(matches: (roles: Roles, before: ModelState['context']) => boolean): Goal {
  return ({ event, from, to }: Step) => {
    if (event.type !== 'setVersion' || innermostState(from) !== 'settled') return false
    const { active, next } = from.context
    return matches({ active, next, wanted: to.context.wanted }, from.context)
  }
}

/** Whether a version is in the aggregate and was never started. */
function isNew(version: string | null, { versions }: ModelState['context']): boolean {
  return version !== null && versions[version] === 'provisioned'
}
