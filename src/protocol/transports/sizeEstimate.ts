import { surveyBeginning } from './survey.js'

/**
 * Estimates the memory of a structured clone of `value`, in bytes. Counts texts and buffers by their length, and only the
 * beginning of long arrays and large trees. Never throws.
 */
export function estimateSize(value: unknown): number {
  try {
    return surveyBeginning(value)
  } catch {
    // A getter threw. It throws again for postMessage(), which reports it.
    return 0
  }
}
