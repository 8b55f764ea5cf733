/** The context of the pool machine, and what follows from it. Pure functions. */

/** The settings of a pool. */
export interface PoolInput {
  /** How many instances there are. */
  readonly size: number
  /** How many must be up before the pool has started for the first time. */
  readonly ready: number
  /** How many start at once, at first. */
  readonly concurrentStarts: number
}

/**
 * The state of one instance. `idle`: its start is to come. `starting`: its first start is pending. `retrying`: its supervisor brings it
 * back. `failed`: the same, and it has failed since the pool last counted its failures. `restarting`: it was up, and is told to restart.
 * `gaveUp`: it does not try again by itself.
 */
export type InstanceState = 'idle' | 'starting' | 'retrying' | 'failed' | 'up' | 'restarting' | 'gaveUp' | 'stopped'

/** The context of the pool machine. */
export interface PoolContext {
  /** How many instances must be up for the pool to start: `ready` at first, then one. */
  readonly required: number
  /** How many start at once, at first. */
  readonly concurrentStarts: number
  /** The instances, in order. */
  readonly instances: readonly InstanceState[]
}

/** An event about one instance, by its number. */
export interface OfInstance {
  /** Its number, from 0. */
  readonly instance: number
}

/** The events of the pool machine: commands, and reports of the instances. */
export type PoolEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  /** All instances are about to be killed and launched again. */
  | { readonly type: 'restart' }
  /** `alone`: no other instance takes calls, and this one took none before. */
  | ({ readonly type: 'instance.up'; readonly alone: boolean } & OfInstance)
  /** It has stopped. `reason`: it has died. */
  | ({ readonly type: 'instance.down'; readonly reason?: Error | undefined } & OfInstance)
  | ({ readonly type: 'instance.failed'; readonly error: Error } & OfInstance)
  /** No further report will come: its last start was final, or its events have ended. */
  | ({ readonly type: 'instance.gaveUp'; readonly error: Error } & OfInstance)
  /** It has a new attestation. */
  | ({ readonly type: 'instance.updated' } & OfInstance)

/** The context before the start. */
export function initialPool({ size, ready, concurrentStarts }: PoolInput): PoolContext {
  return { required: ready, concurrentStarts, instances: Array.from({ length: size }, () => 'idle') }
}

/** How many instances are in one of these states. */
export function countOf({ instances }: PoolContext, ...states: readonly InstanceState[]): number {
  return instances.filter(state => states.includes(state)).length
}

/** The instance that is started next; null if too many are starting, or none is left. */
export function nextToStart(context: PoolContext): number | null {
  const next = context.instances.indexOf('idle')
  return next === -1 || countOf(context, 'starting') >= context.concurrentStarts ? null : next
}

/** Whether enough instances are up. One that has given up is not waited for. */
export function isReady(context: PoolContext): boolean {
  const up = countOf(context, 'up')
  return up > 0 && up >= needed(context)
}

/** The first instance that is up speaks for the pool; null if none is up. */
export function speakerOf({ instances }: PoolContext): number | null {
  const first = instances.indexOf('up')
  return first === -1 ? null : first
}

/** The context with another state of one instance. */
export function withState(context: PoolContext, instance: number, state: InstanceState): PoolContext {
  return { ...context, instances: context.instances.map((its, i) => (i === instance ? state : its)) }
}

/** The context after a failed start. If an instance fails for the second time, a new round of attempts has begun. */
export function afterFailure(context: PoolContext, instance: number): PoolContext {
  const state = context.instances[instance]
  if (state === 'failed') {
    const instances = context.instances.map((its, i) => (its === 'failed' && i !== instance ? 'retrying' : its))
    return { ...context, instances }
  }
  return state === 'starting' || state === 'retrying' ? withState(context, instance, 'failed') : context
}

/** Whether this failure is the one by which a round of attempts cannot make the pool ready any more. */
export function failsRound(context: PoolContext, instance: number): boolean {
  const isNewRound = context.instances[instance] === 'failed'
  return (isNewRound || isHopeful(context)) && !isHopeful(afterFailure(context, instance))
}

/** The context after a restart was asked for. */
export function restarted(context: PoolContext): PoolContext {
  const states: Partial<Record<InstanceState, InstanceState>> = { up: 'restarting', gaveUp: 'retrying' }
  return { ...context, instances: context.instances.map(state => states[state] ?? state) }
}

function needed(context: PoolContext): number {
  return Math.min(context.required, context.instances.length - countOf(context, 'gaveUp'))
}

/** Whether the attempts under way can still make the pool ready. */
function isHopeful(context: PoolContext): boolean {
  return context.instances.length - countOf(context, 'gaveUp', 'failed') >= Math.max(1, needed(context))
}
