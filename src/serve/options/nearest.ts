import { closestMatch } from 'leven'

/** The word that a mistyped one was meant to be: a third of its letters may differ. */
export function nearest(typed: string, words: readonly string[]): string | undefined {
  return closestMatch(typed, words, { maxDistance: Math.ceil(typed.length / 3) })
}
