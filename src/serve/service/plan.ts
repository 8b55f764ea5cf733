import type { RolloutStep, ToOptions } from '../../rollout/index.js'
import type { PlanSettings } from '../options/settings.js'
import { verifierOf } from './verify.js'

/** The options of a rollout, with the defaults of the command line. */
export interface CompletePlan {
  readonly steps: readonly RolloutStep[]
  /** ms */
  readonly soak: number
  readonly verify: string | null
  readonly options: ToOptions
}

const DEFAULTS = { startTimeout: 30_000, verifyTimeout: 30_000, soak: 30_000, steps: [], minRequests: 0 }

/**
 * @param own - what `serve` was given
 * @param given - what this deploy was given, which goes first
 */
export function planOf(own: PlanSettings, given: PlanSettings, instances: number): CompletePlan {
  const pick = <Name extends keyof PlanSettings>(name: Name) => given[name] ?? own[name]
  const verify = pick('verify')
  const steps = pick('steps') ?? DEFAULTS.steps
  const soak = pick('soak') ?? DEFAULTS.soak
  const maxErrorRate = pick('maxErrorRate')
  const minCalls = pick('minRequests') ?? DEFAULTS.minRequests
  const options: ToOptions = {
    // The processes of a version that cannot start would be launched again until startTimeout.
    failFast: true,
    startTimeout: pick('startTimeout') ?? DEFAULTS.startTimeout,
    verifyTimeout: pick('verifyTimeout') ?? DEFAULTS.verifyTimeout,
    steps,
    soak,
    health: { minCalls, ...(maxErrorRate === undefined ? {} : { maxErrorRate }) },
    ...(verify === undefined ? {} : { verify: verifierOf(verify, instances) }),
  }
  return { steps, soak, verify: verify ?? null, options }
}
