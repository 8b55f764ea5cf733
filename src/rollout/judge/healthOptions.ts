import { count, invalidOption, limitOrInfinity, number } from '../../contract/index.js'
import type { HealthFunction } from './healthSample.js'

/** When a candidate counts as unhealthy, and when a step as passed. All have a default. */
export interface HealthOptions {
  /**
   * The highest error rate of the candidate that is fine, 0 to 1. It does not apply while the active version exceeds it,
   * too. Without it, the candidate is only compared with the active version. @default none
   */
  readonly maxErrorRate?: number | undefined
  /**
   * How many times as long as those of the active version the candidate's calls may take, 1 or more. Calls that hang count
   * while they run. @default none
   */
  readonly maxSlowdown?: number | undefined
  /**
   * The calls of the candidate that a step needs, at least. 0 asks for no evidence: a step passes on time alone, unless
   * the candidate is unhealthy. @default 100
   */
  readonly minCalls?: number | undefined
  /** The chance that a whole rollout rejects a candidate that is as good, at most; above 0, up to 0.5. @default 0.001 */
  readonly falseAlarms?: number | undefined
  /** How long a step may last until there is a verdict, in ms; Infinity for ever. @default ten times the step's `for` */
  readonly stepTimeout?: number | undefined
  /** The first calls of a version that are not judged for slowness. @default 100 */
  readonly warmUp?: number | undefined
}

/** {@link HealthOptions}, validated, with the defaults filled in. */
export interface CompiledHealth {
  readonly maxErrorRate: number | undefined
  readonly maxSlowdown: number | undefined
  readonly minCalls: number
  readonly falseAlarms: number
  readonly stepTimeout: number | undefined
  readonly warmUp: number
}

/**
 * Validates the option `health`. Returns a function as it is.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`, naming the option and what it got
 */
export function compileHealth(given: HealthOptions | HealthFunction | undefined): CompiledHealth | HealthFunction {
  if (typeof given === 'function') return given
  if (typeof given !== 'object' || given === null) {
    if (given === undefined) return compileHealth({})
    throw invalidOption('health', 'an object or a function', given)
  }
  const { maxErrorRate, maxSlowdown, stepTimeout } = given
  return {
    maxErrorRate: maxErrorRate === undefined ? undefined : number('health.maxErrorRate', maxErrorRate, 0, 0, 1),
    maxSlowdown: maxSlowdown === undefined ? undefined : number('health.maxSlowdown', maxSlowdown, 1, 1, 1_000_000),
    minCalls: count('health.minCalls', given.minCalls, 100),
    falseAlarms: number('health.falseAlarms', given.falseAlarms, 0.001, 1e-12, 0.5),
    stepTimeout: stepTimeout === undefined ? undefined : limitOrInfinity('health.stepTimeout', stepTimeout, 0),
    warmUp: count('health.warmUp', given.warmUp, 100),
  }
}
