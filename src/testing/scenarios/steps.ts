/** The events, states and steps of a scenario, in the terms of `aggregateMachine`. */
import { type AggregateEvent, type aggregateMachine, stateOf, type VersionState } from '../../../machines/index.js'
import type { PathState } from '../paths/index.js'

/** A state of the aggregate's machine, as plain data. */
export type ModelState = PathState<typeof aggregateMachine>

/** One event, and the states before and after it. */
export interface Step {
  readonly event: AggregateEvent
  readonly from: ModelState
  readonly to: ModelState
}

/** The name of the innermost state: `stopped`, `settled`, `stoppingActive`, `halting`, … */
export function innermostState({ value }: ModelState): string {
  return typeof value === 'string' ? value : String(Object.values(value)[0])
}

/** The name of the outermost state: `stopped`, `running`, `stopping` or `disposed`. */
export function outermostState({ value }: ModelState): string {
  return typeof value === 'string' ? value : String(Object.keys(value)[0])
}

/** The state of a version; undefined if the version is null or not in the aggregate. */
export function versionState({ context }: ModelState, version: string | null): VersionState | undefined {
  return version === null ? undefined : stateOf(context, version)
}

/** The version that takes calls (rules 15 and 17): the active one, while it is running. */
export function servingVersion(state: ModelState): string | null {
  const { active } = state.context
  return outermostState(state) === 'running' && versionState(state, active) === 'running' ? active : null
}

/** The reports that the hosts of the versions can make in this state, except for a failed start. */
export function hostReports({ context: { versions } }: ModelState): AggregateEvent[] {
  return Object.entries(versions).flatMap(([version, state]): AggregateEvent[] => {
    if (state === 'starting') return [{ type: 'version.running', version }]
    if (state === 'running') return [{ type: 'version.lost', version }]
    return state === 'stopping' ? [{ type: 'version.stopped', version }] : []
  })
}

/** The failed starts that can happen in this state. They do not change it. */
export function failedStarts({ context: { versions } }: ModelState): AggregateEvent[] {
  return Object.entries(versions)
    .filter(([, state]) => state === 'starting')
    .map(([version]) => ({ type: 'version.failed', version }))
}

/** Whether the aggregate rejects every call from now on. */
export function isClosed(state: ModelState): boolean {
  return innermostState(state) === 'disposing' || innermostState(state) === 'disposed'
}

/** Whether nothing is in progress. */
export function isAtRest(state: ModelState): boolean {
  return ['stopped', 'settled', 'disposed'].includes(innermostState(state))
}

/** An event, for a message. */
export function describeEvent(event: AggregateEvent): string {
  switch (event.type) {
    case 'setVersion':
      return `setVersion(${event.active}, ${event.next})`
    case 'addVersion':
    case 'removeVersion':
      return `${event.type}(${event.version})`
    case 'version.running':
      return `version ${event.version} emits "started"`
    case 'version.failed':
      return `version ${event.version} emits "failedToStart"`
    case 'version.lost':
      return `version ${event.version} crashes and emits "stopped"`
    case 'version.stopped':
      return `version ${event.version} stops and emits "stopped"`
    default:
      return `${event.type}()`
  }
}
