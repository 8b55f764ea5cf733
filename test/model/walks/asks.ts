import { hostsReached } from './invariants.js'
import type { Ask } from './records.js'
import type { World } from './world.js'

/** Asks the aggregate for something that it passes on to its hosts at once, and judges which of them it reached. */
export function ask(world: World, method: Ask, act: () => void): void {
  const { active, next } = world.look()
  const addressees = method === 'updateCapabilityTEE' ? [active, next] : [active]
  const before = new Map(world.hosts.map(host => [host, host.asked[method]]))
  act()
  world.look()
  for (const host of world.hosts) {
    const times = host.asked[method] - (before.get(host) ?? 0)
    world.judge(hostsReached, { host, times, isAddressed: before.has(host) && addressees.includes(host.version) })
  }
}
