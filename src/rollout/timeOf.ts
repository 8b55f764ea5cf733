import type { Clock } from '../contract/index.js'

/** The time of a clock, in ms: a simulated clock has its own. */
export function timeOf(clock: Clock & { readonly now?: () => number }): () => number {
  return typeof clock.now === 'function' ? () => clock.now?.() ?? 0 : () => performance.now()
}
