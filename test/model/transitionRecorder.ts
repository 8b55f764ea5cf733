import type { AnyTransitionDefinition, InspectionEvent } from 'xstate'

/** Records the transitions that a real actor takes, from its inspection events. */
export class TransitionRecorder {
  readonly #whose: 'root' | 'child'
  #transitions: AnyTransitionDefinition[] = []

  /** @param whose - records the root actor, or its children */
  constructor(whose: 'root' | 'child' = 'root') {
    this.#whose = whose
  }

  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep') return
    const isRoot = event.actorRef.sessionId === event.rootId
    if (isRoot === (this.#whose === 'root'))
      this.#transitions.push(...(event._transitions as AnyTransitionDefinition[]))
  }

  /** Gives the transitions since the last call. */
  take(): AnyTransitionDefinition[] {
    return this.#transitions.splice(0)
  }
}
