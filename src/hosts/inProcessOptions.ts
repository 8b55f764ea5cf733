import type { SupervisorInput } from '../../machines/index.js'
import { type Clock, isClock, systemClock } from '../clock.js'
import { count, duration, durationOrInfinity, invalidOption, object } from '../validate.js'
import { assertModuleSource, type ModuleSource } from './runtimeModule.js'

export interface InProcessOptions {
  /**
   * The module, for configs that name none: a module file (a URL, or a path relative to the working directory), the
   * module itself, or a function that makes one for a config each time the runtime starts.
   */
  readonly module?: ModuleSource
  /** The wait after the first failed start, in ms; doubles with every further one. @default 100 */
  readonly minBackoff?: number
  /** The longest wait between two starts, in ms. @default 30_000 */
  readonly maxBackoff?: number
  /** How long the module must be up before its failed starts are forgotten, in ms. @default 60_000 */
  readonly stableAfter?: number
  /** How long `abort`, or a start that is to end, may take before it is given up, in ms. @default 1_000 */
  readonly abortTimeout?: number
  /** How long the module's `stop` may take before it is given up, in ms. @default 30_000 */
  readonly stopTimeout?: number
  /** How long a call waits for the module to come up, in ms; Infinity for ever; 0 not at all. @default 30_000 */
  readonly waitTimeout?: number
  /** How many calls may wait at once. @default 65_536 */
  readonly maxWaitingCalls?: number
  /** The timers; XState's `SimulatedClock` for tests. @default the system's */
  readonly clock?: Clock
}

/** {@link InProcessOptions}, checked, with every default filled in. */
export interface CompiledInProcess {
  readonly module: ModuleSource | undefined
  readonly supervisor: SupervisorInput
  readonly waitTimeout: number
  readonly maxWaitingCalls: number
  readonly clock: Clock
}

export function compileInProcess(given: InProcessOptions): CompiledInProcess {
  const options = object('options', given)
  const { module, clock = systemClock } = options
  if (module !== undefined) assertModuleSource(module)
  if (!isClock(clock)) throw invalidOption('clock', 'an object with setTimeout and clearTimeout', clock)
  const supervisor = {
    minBackoff: duration('minBackoff', options.minBackoff, 100),
    maxBackoff: duration('maxBackoff', options.maxBackoff, 30_000),
    stableAfter: duration('stableAfter', options.stableAfter, 60_000),
    abortTimeout: duration('abortTimeout', options.abortTimeout, 1_000),
    stopTimeout: duration('stopTimeout', options.stopTimeout, 30_000),
  }
  const waitTimeout = durationOrInfinity('waitTimeout', options.waitTimeout, 30_000)
  const maxWaitingCalls = count('maxWaitingCalls', options.maxWaitingCalls, 65_536)
  return { module, supervisor, waitTimeout, maxWaitingCalls, clock }
}
