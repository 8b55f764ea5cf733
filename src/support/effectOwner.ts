import type { Actor, AnyActorRef, AnyStateMachine } from 'xstate'
import type { EffectTable } from '../../machines/index.js'
import type { EffectQueue } from './effectQueue.js'

/** Performs the effects of an actor and of its children. */
export interface EffectOwner<Effect, Target = undefined> {
  /** Holds the effects until all machines have come to rest. */
  readonly effects: EffectQueue
  /**
   * Finds the object that an effect is about. Called when the effect is queued, because its name may mean another object by
   * the time it is performed.
   */
  targetOf?(effect: Effect, actor: AnyActorRef): Target
  /** Performs one effect of `actor`. A new effect is one entry in its machine's table, and one case here. */
  perform(effect: Effect, actor: AnyActorRef, target: Target): void
}

/** The owners of actors, by the system that a root actor shares with its children. */
const owners = new WeakMap<AnyActorRef['system'], EffectOwner<never, unknown>>()

/**
 * The actions of a machine's effects, for `machine.provide()`: each queues its effect for the owner of the actor that it
 * runs in. All actors of one kind share the machine; to provide actions for each would cost 19 kB and 0.9 ms apiece.
 */
export function performedByOwner<Table extends EffectTable>(table: Table): Table {
  const actions = Object.keys(table).map(type => {
    const action = ({ self }: { readonly self: AnyActorRef }, params: object | undefined) => {
      const owner = owners.get(self.system)
      if (owner === undefined) throw new Error(`The actor "${self.id}" has no owner to perform "${type}".`)
      const effect = { type, ...params } as never
      const target = owner.targetOf?.(effect, self)
      owner.effects.push(() => owner.perform(effect, self, target))
    }
    return [type, action] as const
  })
  return Object.fromEntries(actions) as unknown as Table
}

/** Starts a root actor whose effects, and whose children's effects, `owner` performs. */
export function startOwned<Machine extends AnyStateMachine, Effect, Target>(
  actor: Actor<Machine>,
  owner: EffectOwner<Effect, Target>,
): Actor<Machine> {
  owners.set(actor.system, owner)
  return actor.start()
}
