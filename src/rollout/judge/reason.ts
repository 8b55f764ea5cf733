import type { Tally } from './judge.js'

const TEXTS = {
  failures: 'It fails more often than the active version',
  maxErrorRate: 'It fails more often than maxErrorRate allows',
  maxSlowdown: 'It is slower than maxSlowdown allows',
  health: 'The function health calls it unhealthy',
  thrown: 'The function health gave no verdict four times in a row',
} as const

/** Why a candidate is unhealthy, with the figures of the phase. */
export function reasonOf(test: keyof typeof TEXTS, { candidate, active }: { candidate: Tally; active: Tally }): string {
  return `${TEXTS[test]}: ${figures(candidate)} of its calls failed, and ${figures(active)} of the active version's.`
}

function figures({ calls, failures }: Tally): string {
  return `${failures.toLocaleString('en')} of ${calls.toLocaleString('en')}`
}
