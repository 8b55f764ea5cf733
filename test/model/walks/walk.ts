import type { Scheduler } from 'fast-check'
import { microtasks } from '../../fixtures/hosting.js'
import { WARM, type Walk } from './arbitraries.js'
import type { Command } from './command.js'
import * as does from './commands.js'
import { afterAWhile, atRest, atTheEnd } from './invariants.js'
import { World } from './world.js'

/** Takes a walk, and gives what was done. Throws, with all of that, as soon as an invariant is broken. */
export async function take(walk: Walk, scheduler: Scheduler): Promise<readonly string[]> {
  const world = new World(walk.options, scheduler)
  if (walk.isWarm) await perform(world, WARM)
  for (const bursts of [...walk.users, walk.callers, walk.outside]) {
    if (bursts.length === 0) continue
    const steps = bursts.map(burst => ({ label: burst.join('; '), builder: () => perform(world, burst) }))
    scheduler.scheduleSequence(steps)
  }
  await scheduler.waitIdle()
  assertUnbroken(world, atRest)
  await end(world, scheduler)
  return world.trace.map(String)
}

/** Gives everything the time that it may take, disposes of it all, and looks at what is left. */
async function end(world: World, scheduler: Scheduler): Promise<void> {
  const { drainTimeout, stopTimeout, answersAtEnd } = world.options
  world.isEnding = true
  const letTimePass = async () => {
    await perform(world, [does.pass(drainTimeout), does.pass(stopTimeout)])
    await scheduler.waitIdle()
    assertUnbroken(world, atRest)
  }
  // Two that leave one after the other, of an overlap, and what follows from that.
  for (let i = 0; i < 4; i++) await letTimePass()
  assertUnbroken(world, afterAWhile)
  if (answersAtEnd) for (const host of world.hosts) host.answerAll()
  await microtasks()
  await perform(world, [does.dispose()])
  await scheduler.waitIdle()
  for (let i = 0; i < 2; i++) await letTimePass()
  assertUnbroken(world, atTheEnd)
}

/** Does several things at once, when all is at rest. */
async function perform(world: World, burst: readonly Command<World>[]): Promise<void> {
  // Another sequence has found something already.
  if (world.broken.length > 0) return
  world.look()
  world.judge(atRest, world)
  for (const command of burst) if (world.broken.length === 0) world.perform(command)
}

function assertUnbroken(world: World, invariants: typeof atRest): void {
  world.look()
  if (world.broken.length === 0) world.judge(invariants, world)
  if (world.broken.length > 0) throw new InvariantBroken(world)
}

class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken'

  constructor({ broken, trace, options, status }: World) {
    const done = trace.map((what, i) => `  ${i + 1}. ${what}`)
    const given = Object.entries(options).map(([name, value]) => `${name} ${value}`)
    super(
      [`${[...new Set(broken)].join('. ')}.`, `With ${given.join(', ')}:`, ...done, JSON.stringify(status)].join('\n'),
    )
  }
}
