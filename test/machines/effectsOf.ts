/** An action as `transition()` gives it back. */
interface Action {
  readonly type: string
  readonly params?: unknown
}

/** Of all kinds of actions, built in and our own; each has some of these. */
interface Params {
  readonly event?: { readonly type: string }
  readonly targetId?: string
  readonly id?: string
  readonly actorRef?: { readonly id: string }
  readonly version?: string
  readonly gate?: string
  readonly versions?: readonly string[]
}

/** The effects of a transition, in words and in order, without the timers that it sets. */
export function effectsOf(actions: readonly Action[]): string[] {
  return actions.map(wordsFor).filter(words => words !== '')
}

function wordsFor({ type, params }: Action): string {
  const { event, targetId, id, actorRef, version, gate, versions } = (params ?? {}) as Params
  switch (type) {
    case 'xstate.raise':
    case 'xstate.cancel':
      return ''
    case 'xstate.sendTo':
      return words(event?.type, targetId)
    case 'xstate.spawnChild':
      return words('spawn', actorRef?.id)
    case 'xstate.stopChild':
      return words('drop', id)
    default:
      return words(type, version, gate, versions?.join(','))
  }
}

/** The child that lives the life of a version has its id: `version 1.0.0`. */
function words(...parts: (string | undefined)[]): string {
  return parts
    .filter(part => part !== undefined)
    .join(' ')
    .replace(' version ', ' ')
}
