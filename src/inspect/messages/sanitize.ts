import { isThenable } from '../../thenable.js'
import type { Sanitize, SanitizedKind } from '../options.js'

const THREW = '[not shown: sanitize threw]'
const PROMISED = '[not shown: sanitize gave a promise]'

/** What is shown instead of the value. Never throws: a text says so when `sanitize` does, or gives a promise. */
export function sanitized(value: unknown, kind: SanitizedKind, sanitize: Sanitize): unknown {
  try {
    const shown = sanitize(value, kind)
    if (shown === value || !isThenable(shown)) return shown
    // Nobody waits for it: when it rejects, the program must not end for that.
    Promise.resolve(shown).catch(() => {})
    return PROMISED
  } catch {
    return THREW
  }
}
