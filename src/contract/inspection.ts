import type { ActorRefLike, AnyActorRef, InspectionEvent, Observer } from 'xstate'
import { attempt } from '../support/index.js'
import type { Logger } from './logger.js'
import { invalidOption } from './validate.js'

/** Sees every event and snapshot of some statecharts: what XState's own option `inspect` takes, such as an inspector's. */
export type Inspect = Observer<InspectionEvent> | ((event: InspectionEvent) => void)

/** An {@link Inspect}, checked. */
export type Inspection = (event: InspectionEvent) => void

/**
 * A runtime that can say to an inspector whose child its statechart is to be shown as. The key is registered, so that an
 * aggregate and a host of two copies of the library know each other.
 */
export const SHOWN_BELOW = Symbol.for('cutover.shownBelow')

/** What an aggregate that is inspected looks for on a runtime, before it starts it. */
export interface Inspectable {
  /** Whatever the runtime tells its own inspector from now on is shown below `parent`. */
  [SHOWN_BELOW]?(parent: AnyActorRef): void
}

/** @throws CutoverError `CUTOVER_INVALID_OPTION` */
export function inspection(given: Inspect | undefined): Inspection | undefined {
  if (given === undefined || typeof given === 'function') return given
  const observer: Observer<InspectionEvent> | null = given
  if (typeof observer !== 'object' || typeof observer?.next !== 'function') {
    throw invalidOption('inspect', 'a function, or an observer with next', given)
  }
  return event => observer.next?.(event)
}

/** As an actor takes it: it may throw, or reject, and breaks nothing (rule 22). Nothing for nothing. */
export function inspectSafely(inspect: Inspection | undefined, logger: Logger): { readonly inspect?: Inspection } {
  if (inspect === undefined) return {}
  const failed = (err: unknown) => logger.error({ err }, 'an inspector threw')
  return { inspect: event => attempt(() => inspect(event), failed) }
}

/**
 * Shows the actors of another system below `parent`. Only what the inspector is told changes: a root goes by a view of it
 * that has a parent. The actors themselves do not know of each other, so that neither stops, or hears, the other.
 */
export function below(parent: AnyActorRef, inspect: Inspection): Inspection {
  const views = new WeakMap<ActorRefLike, ActorRefLike>()
  const shown = <T extends ActorRefLike | undefined>(actor: T): T | ActorRefLike => {
    if (actor === undefined || (actor as Partial<AnyActorRef>)._parent !== undefined) return actor
    const view = views.get(actor) ?? (Object.create(actor, { _parent: { value: parent } }) as ActorRefLike)
    views.set(actor, view)
    return view
  }
  const rootId = rootOf(parent).sessionId
  const moved = (event: InspectionEvent): InspectionEvent => {
    const actorRef = shown(event.actorRef)
    if (event.type !== '@xstate.event') return { ...event, rootId, actorRef }
    return { ...event, rootId, actorRef, sourceRef: shown(event.sourceRef) }
  }
  // What the inspector returns may be a promise that rejects.
  return event => inspect(moved(event))
}

function rootOf(actor: AnyActorRef): AnyActorRef {
  return actor._parent === undefined ? actor : rootOf(actor._parent)
}
