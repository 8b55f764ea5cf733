import { isThenable } from '../../support/index.js'
import { MaskedValue, maskSecrets } from './maskSecrets.js'

/**
 * The kind of value that is about to be shown. `event` is everything that is sent to an actor: XState's own `xstate.init`
 * carries the actor's input, and `xstate.done.actor.…` its output.
 */
export type SanitizedKind = 'context' | 'event' | 'input' | 'output' | 'error' | 'status' | 'metrics' | 'rollout'

/**
 * Returns what to show instead of `value`: a copy without secrets, or the value itself. It must not change the value. If
 * it throws or returns a promise, the inspector shows nothing of the value, and only the type of an event.
 */
export type Sanitize = (value: unknown, kind: SanitizedKind) => unknown

const MAX_EVENT_TEXT = 200

/** The default: masks what looks like a secret, in error messages of guests as in every other text. */
export const masksSecrets: Sanitize = (value, kind) => {
  // An event is an object for XState. Viewers expect one, so a text is shown beside an empty type.
  if (typeof value === 'string' && kind === 'event') return maskSecrets(value.slice(0, MAX_EVENT_TEXT))
  return typeof value === 'string' || (typeof value === 'object' && value !== null) ? new MaskedValue(value) : value
}

const THREW = '[not shown: sanitize threw]'
const RETURNED_PROMISE = '[not shown: sanitize returned a promise]'

/** Applies `sanitize`. Never throws: if `sanitize` throws or returns a promise, the result is a text that says so. */
export function sanitized(value: unknown, kind: SanitizedKind, sanitize: Sanitize): unknown {
  try {
    const shown = sanitize(value, kind)
    if (shown === value || !isThenable(shown)) return shown
    // Handle a rejection, or it would end the program.
    Promise.resolve(shown).catch(() => {})
    return RETURNED_PROMISE
  } catch {
    return THREW
  }
}
