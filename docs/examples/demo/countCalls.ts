import type { Call } from './load.js'
import type { Executions, Rendered } from './markdown.js'

/** A call with its answer; times in ms since the start. */
export interface Answered {
  readonly sent: number
  readonly at: number
  readonly answer: Rendered
}

/** How many calls went wrong, by kind. A call may count in several. */
export interface CallCounts {
  readonly failed: number
  /** Sent, but not settled by the end. */
  readonly lost: number
  /** Executed more than once. */
  readonly doubled: number
  /** With a wrong digest, or from a version that did not serve during the call. */
  readonly wrong: number
  /** Calls in at least one of the four groups. */
  readonly bad: number
  /** The number of failed calls by error. */
  readonly errors: Readonly<Record<string, number>>
}

export interface CallCheck extends CallCounts {
  readonly answered: readonly Answered[]
}

/** Says whether a version served at some moment of a call. */
export type IsServing = (version: string, sent: number, at: number) => boolean

/** The index of a call is its id. @param isExcused - the failed calls that do not count */
export function countCalls(
  calls: readonly Call[],
  executions: Executions,
  isServing: IsServing,
  isExcused: (call: Call) => boolean = () => false,
): CallCheck {
  const failed = calls.filter(call => call.outcome !== null && 'error' in call.outcome && !isExcused(call))
  const lost = calls.filter(({ outcome }) => outcome === null)
  const doubled = calls.filter((_, id) => (executions.get(id) ?? 0) > 1)
  const wrong = calls.filter(call => isWrong(call, isServing))
  return {
    answered: calls.flatMap(answeredCall),
    failed: failed.length,
    lost: lost.length,
    doubled: doubled.length,
    wrong: wrong.length,
    bad: new Set([...failed, ...lost, ...doubled, ...wrong]).size,
    errors: errorsOf(failed),
  }
}

function answeredCall({ sent, outcome }: Call): Answered[] {
  return outcome !== null && 'answer' in outcome ? [{ sent, ...outcome }] : []
}

function isWrong({ document, sent, outcome }: Call, isServing: IsServing): boolean {
  if (outcome === null || 'error' in outcome) return false
  const { version, digest } = outcome.answer
  return document.digests.get(version) !== digest || !isServing(version, sent, outcome.at)
}

function errorsOf(failed: readonly Call[]): Record<string, number> {
  const errors: Record<string, number> = {}
  for (const { outcome } of failed) {
    const text = outcome !== null && 'error' in outcome ? String(outcome.error) : ''
    errors[text] = (errors[text] ?? 0) + 1
  }
  return errors
}
