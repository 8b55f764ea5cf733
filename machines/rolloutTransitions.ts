/** The parts of the rollout machine's transitions: the parameters of its guards and actions, and what several states share. */
import { type Ending, type Order, orderOf, type RolloutContext, type RolloutEvent, stepOf } from './rolloutContext.js'

type Event<Type extends RolloutEvent['type']> = RolloutEvent & { readonly type: Type }
type Args<Type extends RolloutEvent['type'] = RolloutEvent['type']> = {
  readonly context: RolloutContext
  readonly event: Event<Type>
}
type InContext = { readonly context: RolloutContext }

/** How an order has ended. */
export interface Settled {
  /** Null: no order waited. */
  readonly id: number | null
  /** Null: the version stays. */
  readonly ending: Ending | null
  /** Why it stays although it should not. */
  readonly warning: string | null
  /** The error behind the end of an order that waited. */
  readonly cause?: unknown
}

export interface OneOrder {
  readonly order: Order
}

export interface OneId {
  readonly id: number | null
}

export type Compared = Pick<Event<'verified'>, 'canCompare'>
export type Judged = Pick<Event<'judged'>, 'verdict' | 'advance' | 'canCompare'>
export type Promoted = Pick<Event<'promoted'>, 'hasStandby'>

export const oneId = ({ event }: Args<'cancel'>): OneId => event
export const forced = ({ event }: Args<'order'>) => event
export const compared = ({ event }: Args<'verified'>): Compared => event
export const judged = ({ event }: Args<'judged'>): Judged => event
export const promoted = ({ event }: Args<'promoted'>): Promoted => event

/** A step passes with `healthy`, or with `advance` unless the candidate is unhealthy; then there is no such event. */
export function passes({ verdict, advance }: Judged): boolean {
  return verdict === 'healthy' || advance
}

/** Keeps the order until the one under way has ended. */
export const queue = [{ type: 'queue', params: ({ event }: Args<'order'>): OneOrder => event }] as const

type EndingEvent = 'cancel' | 'failed' | 'lost' | 'unhealthy' | 'interfered' | 'halted'

/** Ends the order under way for the reason in the event. */
export const endAs = (outcome: Ending['outcome']) =>
  [
    { type: 'end', params: ({ event }: Args<EndingEvent>): Ending => ({ outcome, why: event.why }) },
    { type: 'noteCause', params: ({ event }: Args<EndingEvent>) => ({ cause: event.cause }) },
  ] as const

const endFor = (outcome: Ending['outcome'], why: (context: RolloutContext) => string) =>
  ({ type: 'end', params: ({ context }: InContext): Ending => ({ outcome, why: why(context) }) }) as const

export const endBySuperseding = {
  type: 'end',
  params: ({ event }: Args<'order'>): Ending => superseded(event.order.version),
} as const

function superseded(by: string): Ending {
  return { outcome: 'superseded', why: `Version ${by} was ordered.` }
}

const CLOSED: Ending = { outcome: 'cancelled', why: 'The rollout was disposed of.' }
export const endByClosing = { type: 'end', params: (): Ending => CLOSED } as const
export const endByRollingBack = {
  type: 'end',
  params: (): Ending => ({ outcome: 'rolledBack', why: 'rollback() was called.' }),
} as const

export const tooSlow = endFor(
  'rejected',
  context => `It did not run within ${orderOf(context).plan.startTimeout} ms (startTimeout).`,
)
export const hangs = endFor(
  'rejected',
  context => `verify did not finish within ${orderOf(context).plan.verifyTimeout} ms (verifyTimeout).`,
)
export const noVerdict = endFor(
  'rejected',
  context =>
    `There were too few calls to judge it at ${stepOf(context).percent} %, within ${stepOf(context).timeout} ms (stepTimeout).`,
)

/** Settles the order under way, which is over. */
export const settle = [
  {
    type: 'settle',
    params: ({ context }: InContext): Settled => {
      const { ending, warning } = context
      return { id: orderOf(context).id, ending, warning }
    },
  },
  'clear',
] as const

/** Settles the order that waits, if any: it will not begin. */
const settlePending = (ending: (args: never) => Ending) =>
  ({
    type: 'settle',
    params: (args: Args): Settled => ({
      id: args.context.pending?.id ?? null,
      ending: ending(args as never),
      warning: null,
      cause: (args.event as { readonly cause?: unknown }).cause,
    }),
  }) as const

/** Removes the candidate, for the reason in the event. */
export const reject = { target: '#rollout.rejecting', actions: endAs('rejected') } as const
export const cancelled = { target: '#rollout.rejecting', actions: endAs('cancelled') } as const
/** Leaves the versions as somebody else wants them. */
export const abandoned = {
  target: '#rollout.idle',
  actions: [...endAs('cancelled'), ...settle],
} as const

/** The active version serves, and the candidate can go at any time. */
export const beforePromotion = {
  order: {
    description: 'The newest order wins.',
    target: '#rollout.rejecting',
    actions: [endBySuperseding, ...queue],
  },
  cancel: {
    guard: { type: 'isUnderWay', params: oneId },
    target: '#rollout.rejecting',
    actions: endAs('cancelled'),
  },
  close: { target: '#rollout.rejecting', actions: [endByClosing, 'markClosing'] },
  halted: cancelled,
  interfered: abandoned,
} as const

/** Lets a newer order take the place of the one that waits. */
export const queueOver = [
  settlePending(({ event }: Args<'order'>) => superseded(event.order.version)),
  ...queue,
] as const

export const cancelPending = {
  guard: { type: 'isPending', params: oneId },
  actions: [settlePending(({ event }: Args<'cancel'>) => ({ outcome: 'cancelled', why: event.why })), 'dropPending'],
} as const

export const closeLater = [settlePending(() => CLOSED), 'dropPending', 'markClosing'] as const

/** The order under way is over; another one may wait. */
export const whileLeaving = {
  order: { guard: 'isOpen', actions: queueOver },
  cancel: cancelPending,
  close: { actions: closeLater },
} as const

/** Begins the current step. */
export const beginStep = [
  {
    type: 'beginStep',
    params: ({ context }: InContext) => ({ step: context.step, percent: stepOf(context).percent }),
  },
] as const

export const judge = (advance: boolean) => ({ type: 'judgeStep', params: { advance } }) as const

export const beginSoak = {
  type: 'beginSoak',
  params: ({ context }: InContext) => ({ percent: orderOf(context).plan.holdback }),
} as const
