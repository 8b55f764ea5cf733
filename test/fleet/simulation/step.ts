/** Steps of the fleet machine without an actor: the next snapshot, and the effects that a shell would perform. */
import { type FleetEvent, type FleetSnapshot, fleetMachine } from 'cutover/machines'
import { type AnyActorScope, createActor, type ExecutableActionObject } from 'xstate'

const actor = createActor(fleetMachine)
let effects: ExecutableActionObject[] = []

/** One for all nodes: `transition()` of XState makes a new one for each step, which takes most of its time. */
const scope = {
  self: actor,
  defer() {},
  id: '',
  logger() {},
  sessionId: '',
  stopChild() {},
  system: actor.system,
  emit() {},
  actionExecutor: (action: ExecutableActionObject) => void effects.push(action),
} as unknown as AnyActorScope

export const INITIAL = fleetMachine.getInitialSnapshot(scope as never) as FleetSnapshot

export function step(
  snapshot: FleetSnapshot,
  event: FleetEvent,
): { readonly state: FleetSnapshot; readonly effects: readonly ExecutableActionObject[] } {
  effects = []
  const state = fleetMachine.transition(snapshot as never, event as never, scope as never) as unknown as FleetSnapshot
  return { state, effects }
}
