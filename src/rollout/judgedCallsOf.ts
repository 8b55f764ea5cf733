import type { Clock } from '../contract/index.js'
import type { Attempt } from './attempt.js'
import { createJudge } from './judge/index.js'
import { JudgedCalls, type JudgeListener } from './judgedCalls.js'
import { timeOf } from './timeOf.js'

/** Makes the judge of an attempt whose candidate has been added, and what tells it of the calls. */
export function judgedCallsOf<Req, Res>(
  attempt: Attempt<Req, Res>,
  clock: Clock,
  listener: JudgeListener,
): JudgedCalls {
  const { plan, version, from, order } = attempt
  const now = timeOf(clock)
  const active = from ?? version
  const judge = createJudge(plan.health, { steps: order.plan.steps.length, candidate: version, active, now })
  const isSwept = typeof plan.health !== 'function' && plan.health.maxSlowdown !== undefined
  const isTimed = isSwept || typeof plan.health === 'function'
  return new JudgedCalls(judge, { candidate: version, from: active }, listener, { clock, now, isTimed, isSwept })
}
