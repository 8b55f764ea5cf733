import { type CallCheck, countCalls } from '../countCalls.js'
import type { Run } from './run.js'

export function checkCalls(run: Run): CallCheck {
  return countCalls(run.calls, run.executions, (version, sent, at) => wasActive(version, sent, at, run))
}

/** Whether the version was active at some moment between `sent` and `at`. */
function wasActive(version: string, sent: number, at: number, { from, switchTimes }: Run): boolean {
  const { called, resolved, oldStopped } = switchTimes
  if (version !== from) return called !== null && at >= called
  return (resolved === null || sent <= resolved) && (oldStopped === null || at <= oldStopped)
}
