import type { PlanFacts, StepFacts } from '../../machines/index.js'
import {
  boolean,
  type CallOptions,
  count,
  describe,
  duration,
  invalidOption,
  type Logger,
  MAX_TIMEOUT,
  number,
  object,
  optionalFunction,
  type Runtime,
} from '../contract/index.js'
import { type CompiledHealth, compileHealth, type HealthFunction, type HealthOptions } from './judge/index.js'

/** One share of the calls, and how long the candidate keeps it. */
export interface RolloutStep {
  /** The candidate's share of new calls, in percent: above 0, up to 100, more than in the step before. */
  readonly percent: number
  /** How long the step lasts, in ms, 1 or more. Without it, the step waits for `advance()`. @default none */
  readonly for?: number | undefined
  /** Whether the step waits for `advance()`, whatever its `for`. @default false */
  readonly manual?: boolean | undefined
}

/** The candidate, as a `verify` function gets it. */
export interface VerifiedVersion<Req = unknown, Res = unknown> {
  /** Canonical SemVer. */
  readonly version: string
  /** Fires when the rollout ends, or `verifyTimeout` has passed. */
  readonly signal: AbortSignal
  /** Calls the candidate, which gets no other calls yet. */
  call(request: Req, options?: CallOptions): Promise<Res>
}

/** How a version proves itself. All but `provision` have a default. */
export interface RolloutPlan<Req = unknown, Res = unknown> {
  /** Makes a new runtime of a version. It must not be started, or used before. */
  readonly provision: (version: string) => Runtime<Req, Res> | Promise<Runtime<Req, Res>>
  /** How long a version may take from the call of `provision` until it runs, in ms. @default 120_000 */
  readonly startTimeout?: number | undefined
  /** Whether a first start that fails rejects the candidate; else its host tries again until `startTimeout`. @default false */
  readonly failFast?: boolean | undefined
  /** Checks the candidate before it gets a call of a user. The candidate leaves if it throws or rejects. @default none */
  readonly verify?: ((next: VerifiedVersion<Req, Res>) => void | Promise<void>) | undefined
  /** How long `verify` may take, in ms. @default 30_000 */
  readonly verifyTimeout?: number | undefined
  /** The shares that the candidate gets, one after another. @default [] */
  readonly steps?: readonly RolloutStep[] | undefined
  /** How long the old version stays up as standby after the swap, in ms; 0: not at all. @default 30_000 */
  readonly soak?: number | undefined
  /** The percentage of calls that the standby keeps meanwhile, 0 to 99. @default 0 */
  readonly holdback?: number | undefined
  /** When the candidate is unhealthy: options, or a function that decides by itself. @default {} */
  readonly health?: HealthOptions | HealthFunction | undefined
}

/** {@link RolloutPlan}, validated, with the defaults filled in. */
export interface CompiledPlan<Req, Res> {
  readonly provision: RolloutPlan<Req, Res>['provision']
  readonly verify: RolloutPlan<Req, Res>['verify']
  readonly health: CompiledHealth | HealthFunction
  readonly failFast: boolean
  readonly facts: PlanFacts
}

/** A step without a verdict may last so many times its `for`. */
const STEP_TIMEOUT_FACTOR = 10
/** Above this percentage, the comparison with the active version hardly sees anything. */
const BLIND_ABOVE = 50

/** @throws CutoverError `CUTOVER_INVALID_OPTION`, naming the option and what it got */
export function compilePlan<Req, Res>(given: RolloutPlan<Req, Res>, logger: Logger): CompiledPlan<Req, Res> {
  const plan = object('options', given)
  if (typeof plan.provision !== 'function') throw invalidOption('provision', 'a function', plan.provision)
  const health = compileHealth(plan.health)
  const stepTimeout = typeof health === 'function' ? undefined : health.stepTimeout
  const steps = compileSteps(plan.steps, stepTimeout)
  if (typeof health !== 'function' && steps.some(({ percent }) => percent > BLIND_ABOVE)) {
    logger.warn(
      { steps: steps.map(({ percent }) => percent) },
      `a step above ${BLIND_ABOVE} % leaves the active version too few calls to compare with: end with ${BLIND_ABOVE} % or less`,
    )
  }
  return {
    provision: plan.provision,
    verify: optionalFunction('verify', plan.verify),
    health,
    failFast: boolean('failFast', plan.failFast, false),
    facts: {
      startTimeout: limit('startTimeout', plan.startTimeout, 120_000),
      verifyTimeout: limit('verifyTimeout', plan.verifyTimeout, 30_000),
      steps,
      soak: duration('soak', plan.soak, 30_000),
      holdback: number('holdback', plan.holdback, 0, 0, 99),
    },
  }
}

function compileSteps(given: unknown, stepTimeout: number | undefined): StepFacts[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) throw invalidOption('steps', 'an array', given)
  let last = 0
  return given.map((step: RolloutStep, index) => {
    const name = `steps[${index}]`
    const { percent, manual } = object(name, step)
    if (!(typeof percent === 'number' && percent > last && percent <= 100)) {
      const expected =
        last === 0 ? 'above 0, and at most 100' : `above ${describe(last)} as steps rise, and at most 100`
      throw invalidOption(`${name}.percent`, expected, percent)
    }
    if (manual !== undefined && typeof manual !== 'boolean')
      throw invalidOption(`${name}.manual`, 'true or false', manual)
    last = percent
    const time = step.for === undefined ? null : limit(`${name}.for`, step.for, 1)
    if (time === null || manual === true) return { percent, time: null, timeout: null }
    const timeout = Math.max(time, stepTimeout ?? Math.min(MAX_TIMEOUT, time * STEP_TIMEOUT_FACTOR))
    return { percent, time, timeout: timeout === Number.POSITIVE_INFINITY ? null : timeout }
  })
}

function limit(name: string, value: unknown, fallback: number): number {
  if (value !== 0) return duration(name, value, fallback)
  throw invalidOption(name, `a whole number of milliseconds from 1 to ${MAX_TIMEOUT}`, count(name, value, 0))
}
