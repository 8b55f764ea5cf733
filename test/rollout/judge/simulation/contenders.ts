import type { Watcher } from './traffic.js'

/** At 100 calls a second, as the simulated users send them. */
const CALLS_A_MINUTE = 6_000

/** The analysis in the documentation of Argo Rollouts: 95 % of success, measured every five minutes; more than three failed measurements. */
export function argo(): Watcher {
  return measured({ every: 5 * CALLS_A_MINUTE, success: 0.95, failedMeasurements: 4 })
}

/** The canary in the documentation of Flagger: 99 % of success, measured every minute; five failed measurements. */
export function flagger(): Watcher {
  return measured({ every: CALLS_A_MINUTE, success: 0.99, failedMeasurements: 5 })
}

function measured(rule: { every: number; success: number; failedMeasurements: number }): Watcher {
  const none = { all: 0, own: 0, failures: 0 }
  let window = { ...none }
  let failed = 0
  return (isCandidate, hasFailed) => {
    window.all += 1
    if (isCandidate) window.own += 1
    if (isCandidate && hasFailed) window.failures += 1
    if (window.all < rule.every) return false
    if (window.own > 0 && 1 - window.failures / window.own < rule.success) failed += 1
    window = { ...none }
    return failed >= rule.failedMeasurements
  }
}
