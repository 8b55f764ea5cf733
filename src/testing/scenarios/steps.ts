/** The words of a scenario: what can happen in it, and what the statechart says then. */
import {
  type AggregateEvent,
  type aggregateMachine,
  stateOf as stateIn,
  type VersionState,
} from '../../../machines/index.js'
import type { PathState } from '../paths/pathsOf.js'

/**
 * What the aggregate's machine is told; and, which only its version's machine hears, that a version failed to start: in
 * the graph of the aggregate that leads from a state to itself.
 */
export type ScenarioEvent = AggregateEvent | { readonly type: 'version.failedToStart'; readonly version: string }

/** A state of the aggregate's machine, as plain data. */
export type ModelState = PathState<typeof aggregateMachine>

/** One event, the state in which it comes, and the one that it leads to. */
export interface Step {
  readonly event: ScenarioEvent
  readonly from: ModelState
  readonly to: ModelState
}

/** `stopped`, `settled`, `stoppingActive`, `halting`, …: the innermost state. */
export function placeOf({ value }: ModelState): string {
  return typeof value === 'string' ? value : String(Object.values(value)[0])
}

/** `stopped`, `running`, `stopping` or `disposed`. */
export function topOf({ value }: ModelState): string {
  return typeof value === 'string' ? value : String(Object.keys(value)[0])
}

/** What a version is doing; undefined when it is none, or not there. */
export function stateOf({ context }: ModelState, version: string | null): VersionState | undefined {
  return version === null ? undefined : stateIn(context, version)
}

/** Which version takes calls (rules 15 and 17), by its name: the active one, while it is running. */
export function servingIn(state: ModelState): string | null {
  const { active } = state.context
  return topOf(state) === 'running' && stateOf(state, active) === 'running' ? active : null
}

/** What the host of each version can say in this state, but for a failed start. */
export function reportsIn({ context: { versions } }: ModelState): AggregateEvent[] {
  return Object.entries(versions).flatMap(([version, its]): AggregateEvent[] => {
    if (its === 'starting') return [{ type: 'version.running', version }]
    if (its === 'running') return [{ type: 'version.lost', version }]
    return its === 'stopping' ? [{ type: 'version.stopped', version }] : []
  })
}

/** Whether calls are refused for good. */
export function isClosed(state: ModelState): boolean {
  return placeOf(state) === 'disposing' || placeOf(state) === 'disposed'
}

/** Whether whatever was asked for is done. */
export function isAtRest(state: ModelState): boolean {
  return ['stopped', 'settled', 'disposed'].includes(placeOf(state))
}

/** An event, for a message. */
export function nameOfEvent(event: ScenarioEvent): string {
  switch (event.type) {
    case 'setVersion':
      return `setVersion(${event.active}, ${event.next})`
    case 'addVersion':
    case 'removeVersion':
      return `${event.type}(${event.version})`
    case 'version.running':
      return `version ${event.version} says "started"`
    case 'version.failedToStart':
      return `version ${event.version} says "failedToStart"`
    case 'version.lost':
      return `version ${event.version} dies and says "stopped"`
    case 'version.stopped':
      return `version ${event.version} is down and says "stopped"`
    default:
      return `${event.type}()`
  }
}
