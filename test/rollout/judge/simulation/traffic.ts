import type { Judge } from '../../../../src/rollout/judge/index.js'

/** A source of numbers from 0 to 1. */
export type Random = () => number

/** How often each version fails, and the candidate's share of the calls; all 0 to 1. */
export interface Traffic {
  readonly share: number
  readonly active: number
  readonly candidate: number
}

/** Hears of every call. Returns whether it raises the alarm. */
export type Watcher = (isCandidate: boolean, failed: boolean) => boolean

/** Lets a judge hear of calls that are routed by chance. */
export function watching(judge: Judge, share: number): Watcher {
  return (isCandidate, failed) => {
    judge.settled(judge.routed(isCandidate, share, undefined), failed, 1)
    return judge.isUnhealthy
  }
}

/** Sends calls until the alarm. Returns the candidate's calls and failures by then; undefined after `max` of its calls. */
export function untilAlarm(
  watcher: Watcher,
  random: Random,
  { share, active, candidate }: Traffic,
  max: number,
): { calls: number; failures: number } | undefined {
  let failures = 0
  for (let calls = 0; calls < max; ) {
    const isCandidate = random() < share
    const failed = random() < (isCandidate ? candidate : active)
    if (isCandidate) calls += 1
    if (isCandidate && failed) failures += 1
    if (watcher(isCandidate, failed)) return { calls, failures }
  }
  return undefined
}

/** The number of calls until one fails, itself included. Successes change nothing in the comparison, so they are skipped. */
export function callsToFailure(random: Random, rate: number): number {
  return rate === 0 ? Number.POSITIVE_INFINITY : 1 + Math.floor(Math.log(1 - random()) / Math.log(1 - rate))
}

/** The q-quantile of numbers. */
export function quantileOf(numbers: readonly number[], q: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}
