import { EvidenceJudge } from './evidenceJudge.js'
import { FunctionJudge, type FunctionJudgeContext } from './functionJudge.js'
import type { CompiledHealth } from './healthOptions.js'
import type { HealthFunction } from './healthSample.js'
import type { Judge } from './judge.js'

/** The facts that the judge of one rollout needs. */
interface JudgeContext extends FunctionJudgeContext {
  /** The number of steps that are planned. */
  readonly steps: number
}

/** Makes the judge of one rollout. */
export function createJudge(health: CompiledHealth | HealthFunction, context: JudgeContext): Judge {
  // The soak and one crossing are phases, too.
  if (typeof health !== 'function') return new EvidenceJudge(health, context.steps + 2)
  return new FunctionJudge(health, context)
}
