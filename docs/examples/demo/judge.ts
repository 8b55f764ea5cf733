import type { Call } from './load.js'
import type { Rendered } from './markdown.js'
import type { Run } from './run.js'

/** A call with its answer; times in ms since the start. */
export interface Answered {
  readonly sent: number
  readonly at: number
  readonly answer: Rendered
}

export interface Judgement {
  readonly answered: readonly Answered[]
  readonly failed: number
  /** Sent, but not settled by the end. */
  readonly lost: number
  /** Executed more than once. */
  readonly doubled: number
  /** Not what that version renders, or from a version that was not active at any moment of the call. */
  readonly wrong: number
  /** How many calls any of this is true of. */
  readonly bad: number
  /** What failed calls failed with, and how many of them. */
  readonly errors: Readonly<Record<string, number>>
}

/** Which calls went well, and what became of the others. */
export function judge(run: Run): Judgement {
  const { calls, executions } = run
  const failed = calls.filter(({ outcome }) => outcome !== null && 'error' in outcome)
  const lost = calls.filter(({ outcome }) => outcome === null)
  const doubled = calls.filter((_, id) => (executions.get(id) ?? 0) > 1)
  const wrong = calls.filter(call => isWrong(call, run))
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

function isWrong({ document, sent, outcome }: Call, run: Run): boolean {
  if (outcome === null || 'error' in outcome) return false
  const { version, digest } = outcome.answer
  return document.digests.get(version) !== digest || !mayAnswer(version, sent, outcome.at, run)
}

/** Whether the version was active at some moment between sending and answering. */
function mayAnswer(version: string, sent: number, at: number, { from, marks }: Run): boolean {
  const { called, resolved, left } = marks
  if (version !== from) return called !== null && at >= called
  return (resolved === null || sent <= resolved) && (left === null || at <= left)
}

function errorsOf(failed: readonly Call[]): Record<string, number> {
  const errors: Record<string, number> = {}
  for (const { outcome } of failed) {
    const text = outcome !== null && 'error' in outcome ? String(outcome.error) : ''
    errors[text] = (errors[text] ?? 0) + 1
  }
  return errors
}
