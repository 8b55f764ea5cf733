import type { AnyTransitionDefinition, InspectionEvent } from 'xstate'

/** The transitions that a real actor has taken, as its inspector is told. */
export class Taken {
  readonly #whose: 'root' | 'child'
  #transitions: AnyTransitionDefinition[] = []

  /** @param whose - of the actor at the root of what is inspected, or of those below it */
  constructor(whose: 'root' | 'child' = 'root') {
    this.#whose = whose
  }

  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep') return
    const isRoot = event.actorRef.sessionId === event.rootId
    if (isRoot === (this.#whose === 'root'))
      this.#transitions.push(...(event._transitions as AnyTransitionDefinition[]))
  }

  /** Those since it was last asked. */
  take(): AnyTransitionDefinition[] {
    return this.#transitions.splice(0)
  }
}
