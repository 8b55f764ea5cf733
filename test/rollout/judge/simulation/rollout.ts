import {
  CROSSING_CALLS,
  CROSSING_PERCENT,
  compileHealth,
  createJudge,
  type HealthOptions,
  type History,
  type Judge,
} from '../../../../src/rollout/judge/index.js'
import type { Random } from './traffic.js'

export function judgeOf(options: HealthOptions = {}, steps = 4): Judge {
  return createJudge(compileHealth(options), { candidate: '2.0.0', active: '1.0.0', now: () => 0, steps })
}

/** Runs all steps, of 6,000 calls each, up to ten times as long while the verdict is unknown. Returns the last verdict, and the candidate's calls. */
export function throughSteps(
  judge: Judge,
  random: Random,
  { active, candidate }: { active: number; candidate: number },
): { verdict: string; calls: number } {
  let calls = 0
  for (const [step, percent] of [5, 25, 50].entries()) {
    judge.begin({ kind: 'step', step, percent })
    const share = percent / 100
    for (let n = 1; n <= 60_000; n++) {
      const isCandidate = random() < share
      if (isCandidate) calls += 1
      judge.settled(judge.routed(isCandidate, share, undefined), random() < (isCandidate ? candidate : active), 1)
      if (judge.isUnhealthy) return { verdict: 'unhealthy', calls }
      // The verdict at the end of the step, and after that as soon as there is one.
      if (n >= 6_000 && judge.verdict() === 'healthy') break
      if (n === 60_000) return { verdict: 'unknown', calls }
    }
  }
  return { verdict: 'healthy', calls }
}

/**
 * Soaks for so many calls: all go to the candidate, or half while the soak crosses over. Returns the candidate's calls from
 * `faultAt` on until the alarm; undefined if there is none.
 */
export function soak(
  judge: Judge,
  random: Random,
  rateAt: (n: number, isCandidate: boolean) => number,
  { calls, faultAt = 0, history }: { calls: number; faultAt?: number; history: History },
): number | undefined {
  let hurt = 0
  let share = 1
  const begin = (kind: 'soak' | 'crossing') => {
    share = kind === 'soak' ? 1 : CROSSING_PERCENT / 100
    judge.begin({ kind, step: 3, percent: share * 100, history: kind === 'soak' ? history : undefined })
  }
  begin('soak')
  for (let n = 0; n < calls; n++) {
    const isCandidate = random() < share
    if (isCandidate && n >= faultAt) hurt += 1
    judge.settled(judge.routed(isCandidate, share, undefined), random() < rateAt(n, isCandidate), 1)
    if (judge.isUnhealthy) return hurt
    if (share === 1 && judge.suspects) begin('crossing')
    else if (share < 1 && judge.calls >= CROSSING_CALLS) begin('soak')
  }
  return undefined
}
