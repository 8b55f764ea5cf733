/** The context, events and effects' parameters of the rollout machine, and the pure queries and updates on it. */

/** One step of a rollout, as plain data. */
export interface StepFacts {
  /** The candidate's share of the calls. */
  readonly percent: number
  /** How long the step lasts, in ms; null: until `advance`. */
  readonly time: number | null
  /** When a step without a verdict ends the rollout, in ms from its beginning; null: never. */
  readonly timeout: number | null
}

/** The plan of a rollout, as plain data. */
export interface PlanFacts {
  /** How long the candidate may take from its provisioning until it runs, in ms. */
  readonly startTimeout: number
  /** How long `verify` may take, in ms. */
  readonly verifyTimeout: number
  /** The shares, one after another. */
  readonly steps: readonly StepFacts[]
  /** How long the old version stays as standby, in ms. */
  readonly soak: number
  /** The standby's share of the calls meanwhile, in percent. */
  readonly holdback: number
}

/** One request for a version. */
export interface Order {
  /** Distinguishes the orders of one rollout object. */
  readonly id: number
  /** Canonical SemVer. */
  readonly version: string
  /** How to get there. */
  readonly plan: PlanFacts
}

/** Why a version does not stay. */
export interface Ending {
  /** How the order ended. */
  readonly outcome: 'rejected' | 'rolledBack' | 'superseded' | 'cancelled'
  /** A sentence. */
  readonly why: string
}

/** The context of the rollout machine, as plain JSON. */
export interface RolloutContext {
  /** The order under way; null when idle. */
  readonly order: Order | null
  /** The order that begins when the one under way has ended. */
  readonly pending: Order | null
  /** The number of the current step, from 0. */
  readonly step: number
  /** Why the order under way ends without success. */
  readonly ending: Ending | null
  /** Why the candidate stays although it should not: there is no way back. */
  readonly warning: string | null
  /** Whether the time of the soak passed while it was crossing. */
  readonly isSoaked: boolean
  /** Whether the rollout object is disposed once it is idle. */
  readonly isClosing: boolean
}

/** Something that ends a rollout. */
interface Reason {
  /** A sentence. */
  readonly why: string
  /** The error behind it. */
  readonly cause?: unknown
}

/** The events of the rollout machine, sent by its user, by the aggregate, by the judge and by its own effects. */
export type RolloutEvent =
  /** `force`: go back first if a candidate is already promoted. */
  | { readonly type: 'order'; readonly order: Order; readonly force: boolean }
  /** `id`: the order to cancel; null: the one under way. */
  | ({ readonly type: 'cancel'; readonly id: number | null } & Reason)
  | { readonly type: 'rollBack' }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'advance' }
  | { readonly type: 'close' }
  /** The ordered version is active already. */
  | { readonly type: 'already' }
  /** The candidate runs. */
  | { readonly type: 'up' }
  /** The candidate does not run any more. */
  | ({ readonly type: 'lost' } & Reason)
  /** The effect of the current state has failed. */
  | ({ readonly type: 'failed' } & Reason)
  /** `canCompare`: an active version runs. */
  | { readonly type: 'verified'; readonly canCompare: boolean }
  /** `advance`: asked for by `advance`. */
  | {
      readonly type: 'judged'
      readonly verdict: 'healthy' | 'unknown'
      readonly advance: boolean
      readonly canCompare: boolean
    }
  | ({ readonly type: 'unhealthy' } & Reason)
  /** The judge suspects the candidate in the soak. */
  | { readonly type: 'suspected' }
  /** The calls of the crossing are used up, without a verdict. */
  | { readonly type: 'crossed' }
  /** `hasStandby`: the old version runs as next. */
  | { readonly type: 'promoted'; readonly hasStandby: boolean }
  | { readonly type: 'reverted' }
  /** There is no version to go back to. */
  | { readonly type: 'stuck'; readonly why: string }
  | { readonly type: 'finished' }
  | { readonly type: 'left' }
  /** Somebody else has changed the pair of the aggregate. */
  | ({ readonly type: 'interfered' } & Reason)
  /** The aggregate stops, or is disposed. */
  | ({ readonly type: 'halted' } & Reason)
  /** A timer of the machine's own: look at the step again. */
  | { readonly type: 'look' }
  /** A timer of the machine's own: the time of the soak has passed. */
  | { readonly type: 'soaked' }

export const INITIAL: RolloutContext = {
  order: null,
  pending: null,
  step: 0,
  ending: null,
  warning: null,
  isSoaked: false,
  isClosing: false,
}

/** The order under way. The machine has one in every state but idle. */
export function orderOf({ order }: RolloutContext): Order {
  if (order === null) throw new Error('The rollout machine needs an order in this state, and there is none.')
  return order
}

/** The current step. */
export function stepOf(context: RolloutContext): StepFacts {
  const step = orderOf(context).plan.steps[context.step]
  if (step === undefined) throw new Error(`The rollout machine is in step ${context.step}, which its plan lacks.`)
  return step
}

export function isLastStep(context: RolloutContext): boolean {
  return context.step + 1 >= orderOf(context).plan.steps.length
}

/** The changes of the context when the waiting order begins. */
export function begun({ pending }: RolloutContext): Partial<RolloutContext> {
  return { order: pending, pending: null, step: 0, ending: null, warning: null, isSoaked: false }
}

/** A timeout in a delay of the machine: a timer of Infinity never fires. */
export function orNever(time: number | null): number {
  return time ?? Number.POSITIVE_INFINITY
}

/** How long until the verdict is asked for again, when there was none at the end of a step: a tenth of its time. */
export function lookAgain(context: RolloutContext): number {
  return Math.max(1, Math.ceil((stepOf(context).time ?? 0) / 10))
}
