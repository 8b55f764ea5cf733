import type { ActorRefLike, AnyActorRef, InspectionEvent, Observer } from 'xstate'
import { attempt } from '../support/index.js'
import type { Logger } from './logger.js'
import { invalidOption } from './validate.js'

/** Receives every event and snapshot of a group of statecharts, as XState's option `inspect` does. */
export type Inspect = Observer<InspectionEvent> | ((event: InspectionEvent) => void)

/** A validated {@link Inspect}. */
export type Inspection = (event: InspectionEvent) => void

/**
 * The key of the method that sets the parent of a runtime's statechart in an inspector. It is registered, so that it works
 * between an aggregate and a host of two copies of the library.
 */
export const SHOWN_BELOW = Symbol.for('cutover.shownBelow')

/** A runtime that can show its statechart below another one. An inspected aggregate calls this before it starts a runtime. */
export interface Inspectable {
  /** Shows the runtime's statechart below `parent` from now on. */
  [SHOWN_BELOW]?(parent: AnyActorRef): void
}

/** The key of the session id of an aggregate's statechart, by which an inspector finds its status. It is registered, as {@link SHOWN_BELOW} is. */
export const SESSION_ID = Symbol.for('cutover.sessionId')

/** Validates the option `inspect`. @throws CutoverError `CUTOVER_INVALID_OPTION` */
export function inspection(given: Inspect | undefined): Inspection | undefined {
  if (given === undefined || typeof given === 'function') return given
  const observer: Observer<InspectionEvent> | null = given
  if (typeof observer !== 'object' || typeof observer?.next !== 'function') {
    throw invalidOption('inspect', 'a function, or an observer with next', given)
  }
  return event => observer.next?.(event)
}

/**
 * The option `inspect` for an actor. An inspector that throws or rejects is logged and breaks nothing (rule 22). Returns an
 * empty object without an inspector.
 */
export function inspectSafely(inspect: Inspection | undefined, logger: Logger): { readonly inspect?: Inspection } {
  if (inspect === undefined) return {}
  const failed = (err: unknown) => logger.error({ err }, 'an inspector threw')
  return { inspect: event => attempt(() => inspect(event), failed) }
}

/**
 * Shows the actors of another system below `parent`. The inspector gets a view of each root actor that has a parent. The
 * actors stay unrelated, so that neither stops the other or receives its events.
 */
export function below(parent: AnyActorRef, inspect: Inspection): Inspection {
  const views = new WeakMap<ActorRefLike, ActorRefLike>()
  const shown = <T extends ActorRefLike | undefined>(actor: T): T | ActorRefLike => {
    if (actor === undefined || (actor as Partial<AnyActorRef>)._parent !== undefined) return actor
    const view = views.get(actor) ?? shownBelow(parent, actor)
    views.set(actor, view)
    return view
  }
  const rootId = rootOf(parent).sessionId
  const moved = (event: InspectionEvent): InspectionEvent => {
    const actorRef = shown(event.actorRef)
    if (event.type !== '@xstate.event') return { ...event, rootId, actorRef }
    return { ...event, rootId, actorRef, sourceRef: shown(event.sourceRef) }
  }
  // Return the inspector's result: it may be a promise that rejects.
  return event => inspect(moved(event))
}

/** The inspector of one system of actors, whose root may get a parent after it was announced. Takes one that never throws. */
export class MovableInspection {
  #inspect: Inspection

  constructor(inspect: Inspection) {
    this.#inspect = inspect
  }

  readonly inspect: Inspection = event => this.#inspect(event)

  /** Shows the actors below `parent` from now on. The root is announced again. */
  move(parent: AnyActorRef, root: AnyActorRef): void {
    this.#inspect = below(parent, this.#inspect)
    this.#inspect({ type: '@xstate.actor', actorRef: root, rootId: root.sessionId })
  }
}

/** A view of a root actor that has a parent. The actors stay unrelated. */
export function shownBelow<Actor extends ActorRefLike>(parent: AnyActorRef, actor: Actor): Actor {
  return Object.create(actor, { _parent: { value: parent } }) as Actor
}

function rootOf(actor: AnyActorRef): AnyActorRef {
  return actor._parent === undefined ? actor : rootOf(actor._parent)
}
