import type { Goal } from './scenarioGraph.js'
import { type ModelState, placeOf, type Step, servingIn, stateOf } from './steps.js'

/** What a scenario is to show: the goals that its path passes, one after the other. */
export interface Scenario {
  readonly name: string
  readonly goals: readonly Goal[]
  /** The version, counted from 0, that never starts. @default none */
  readonly broken?: number
}

/** The active version serves, nothing is under way, and there is no next version. */
const alone: Goal = ({ to }) => isServing(to) && to.context.next === null
/** The same, with a next version that is up. */
const prepared: Goal = ({ to }) => isServing(to) && stateOf(to, to.context.next) === 'running'
/** The same, with a next version that is not up yet. */
const preparing: Goal = ({ to }) => isServing(to) && stateOf(to, to.context.next) === 'starting'
const stopped: Goal = ({ to }) => placeOf(to) === 'stopped'
export const disposed: Goal = ({ to }) => placeOf(to) === 'disposed'

/** The user asks for the next version as active; and, with `another`, for another one as next. */
const promoted = (another = false): Goal =>
  wants(
    ({ wanted, next }, before) =>
      next !== null && wanted.active === next && (another ? isFresh(wanted.next, before) : wanted.next === null),
  )
const replaced = wants(
  ({ wanted, active, next }, before) =>
    next !== null && wanted.active === active && wanted.next !== next && isFresh(wanted.next, before),
)
const cancelled = wants(({ wanted, active, next }) => next !== null && wanted.active === active && wanted.next === null)
/** The user asks for a version as active that is there, and was never started. */
const switched = wants(
  ({ wanted, active, next }, before) =>
    active !== null && next === null && wanted.active !== active && isFresh(wanted.active, before),
)

const added =
  (role: 'active' | 'next'): Goal =>
  ({ event, from, to }) =>
    event.type === 'addVersion' && placeOf(from) === 'settled' && to.context[role] === event.version

/** A version fails to start, or dies, in this role, while nothing is under way. */
const hit =
  (type: 'version.failedToStart' | 'version.lost', role: 'active' | 'next'): Goal =>
  ({ event, from }) =>
    event.type === type &&
    event.version === from.context[role] &&
    placeOf(from) === 'settled' &&
    (role === 'active' || isServing(from))

const successorDies: Goal = ({ event, from }) =>
  event.type === 'version.lost' &&
  event.version === from.context.wanted.active &&
  ['stoppingActive', 'retiring'].includes(placeOf(from))

const inThe =
  (place: string, type: 'start' | 'stop' | 'dispose'): Goal =>
  ({ event, from }) =>
    event.type === type && placeOf(from) === place

const MIDDLES = [
  ['stoppingActive', 'the old active version stops'],
  ['stoppingNext', 'an unwanted next version stops'],
  ['retiring', 'the old active version retires behind the new one'],
] as const

/** Every scenario; each ends with `dispose()`. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'add: a version that is wanted already starts as soon as it is added', goals: [added('active'), alone] },
  {
    name: 'add: a version that is wanted as next already starts behind the active one as soon as it is added',
    goals: [alone, added('next'), prepared],
  },
  { name: 'prewarm: a next version starts ahead, and the active one goes on answering', goals: [alone, prepared] },
  { name: 'promote: a next version that is up takes over', goals: [prepared, promoted(), alone] },
  { name: 'promote: a next version that still starts takes over', goals: [preparing, promoted(), alone] },
  { name: 'promote: a version that was not started ahead takes over', goals: [alone, switched, alone] },
  {
    name: 'promote: a next version takes over, and another one starts behind it',
    goals: [prepared, promoted(true), prepared],
  },
  { name: 'replace next: another version starts in its place', goals: [prepared, replaced, prepared] },
  { name: 'cancel: a next version that is up is dropped again', goals: [prepared, cancelled, alone] },
  { name: 'cancel: a next version that still starts is dropped again', goals: [preparing, cancelled, alone] },
  {
    name: 'fail to start: a next version does not come up, and is dropped again',
    goals: [alone, hit('version.failedToStart', 'next'), cancelled, alone],
    broken: 1,
  },
  {
    name: 'fail to start: an active version does not come up, and makes way for another',
    goals: [alone, hit('version.failedToStart', 'active'), alone],
    broken: 1,
  },
  { name: 'die: a next version dies and comes back', goals: [prepared, hit('version.lost', 'next'), prepared] },
  { name: 'die: an active version dies and comes back', goals: [alone, hit('version.lost', 'active'), alone] },
  {
    name: 'die: an active version dies, and the next one takes over',
    goals: [prepared, hit('version.lost', 'active'), promoted(), alone],
  },
  {
    name: 'die: a new version dies while the old one makes way for it',
    goals: [prepared, promoted(), successorDies, alone],
  },
  ...MIDDLES.map(([place, meaning]) => ({
    name: `stop: while ${meaning}`,
    goals: [alone, inThe(place, 'stop'), stopped, alone],
  })),
  { name: 'stop: and start again before all is down', goals: [prepared, inThe('halting', 'start'), alone] },
  ...MIDDLES.map(([place, meaning]) => ({
    name: `dispose: while ${meaning}`,
    goals: [alone, inThe(place, 'dispose')],
  })),
]

function isServing(state: ModelState): boolean {
  return placeOf(state) === 'settled' && servingIn(state) !== null
}

type Roles = Pick<ModelState['context'], 'active' | 'next' | 'wanted'>

/** `setVersion` while nothing is under way: `is` sees the roles before it with what is wanted from then on. */
function wants(is: (roles: Roles, before: ModelState['context']) => boolean): Goal {
  return ({ event, from, to }: Step) => {
    if (event.type !== 'setVersion' || placeOf(from) !== 'settled') return false
    const { active, next } = from.context
    return is({ active, next, wanted: to.context.wanted }, from.context)
  }
}

/** Whether it is in the aggregate, and was never started. */
function isFresh(version: string | null, { versions }: ModelState['context']): boolean {
  return version !== null && versions[version] === 'provisioned'
}
