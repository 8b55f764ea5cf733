import { hostsReached } from './invariants.js'
import type { ForwardedMethod } from './records.js'
import type { World } from './world.js'

/** Calls a method that the aggregate forwards to its hosts at once, and checks which hosts it reached. */
export function forward(world: World, method: ForwardedMethod, act: () => void): void {
  const { active, next } = world.look()
  const addressees = method === 'updateCapabilityTEE' ? [active, next] : [active]
  const before = new Map(world.hosts.map(host => [host, host.asked[method]]))
  act()
  world.look()
  for (const host of world.hosts) {
    const times = host.asked[method] - (before.get(host) ?? 0)
    world.check(hostsReached, { host, times, isAddressed: before.has(host) && addressees.includes(host.version) })
  }
}
