import fc, { type IRawProperty, type Scheduler } from 'fast-check'
import { walks } from './arbitraries.js'
import { take } from './walk.js'

/**
 * Several users, the hosts, the callers and the clock act at once, in any order: the invariants hold.
 *
 * The order comes from a scheduler by its seed. One drawn as such would share its random numbers with those of the shrunk
 * walks, so that a replay of one of these takes another order.
 */
export function interleaved(): IRawProperty<unknown> {
  const orders = fc.noShrink(fc.nat())
  return fc.asyncProperty(walks, orders, async (walk, order) => {
    await take(walk, schedulerOf(order))
  }) as IRawProperty<unknown>
}

/** The same for the same seed. */
export function schedulerOf(seed: number): Scheduler {
  const [scheduler] = fc.sample(fc.scheduler(), { seed, numRuns: 1 })
  if (scheduler === undefined) throw new Error('fast-check draws no scheduler.')
  return scheduler
}
