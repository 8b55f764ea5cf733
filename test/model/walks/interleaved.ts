import fc, { type IRawProperty, type Scheduler } from 'fast-check'
import { walks } from './arbitraries.js'
import { take } from './walk.js'

/**
 * Users, hosts, callers and the clock act at once, in any order. The invariants must hold.
 *
 * The order comes from a scheduler with its own seed. A generated scheduler would share its random numbers with the
 * shrunk walks, so that a replay of a shrunk walk would take another order.
 */
export function interleaved(): IRawProperty<unknown> {
  const orders = fc.noShrink(fc.nat())
  return fc.asyncProperty(walks, orders, async (walk, order) => {
    await take(walk, schedulerOf(order))
  }) as IRawProperty<unknown>
}

/** The scheduler of a seed. */
export function schedulerOf(seed: number): Scheduler {
  const [scheduler] = fc.sample(fc.scheduler(), { seed, numRuns: 1 })
  if (scheduler === undefined) throw new Error('fast-check generated no scheduler.')
  return scheduler
}
