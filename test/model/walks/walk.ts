import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Scheduler } from 'fast-check'
import { microtasks } from '../../fixtures/hosting.js'
import { WARM, type Walk } from './arbitraries.js'
import type { Command } from './command.js'
import * as commands from './commands.js'
import { afterAWhile, atRest, atTheEnd, counted } from './invariants.js'
import { World } from './world.js'

/** Runs a walk, and gives the commands performed. As soon as an invariant is violated it throws, with those commands. */
export async function take(walk: Walk, scheduler: Scheduler): Promise<readonly string[]> {
  const world = new World(walk.options, scheduler)
  if (walk.isWarm) await perform(world, WARM)
  for (const batches of [...walk.users, walk.callers, walk.outside]) {
    if (batches.length === 0) continue
    const steps = batches.map(batch => ({ label: batch.join('; '), builder: () => perform(world, batch) }))
    scheduler.scheduleSequence(steps)
  }
  await scheduler.waitIdle()
  assertNoViolations(world, atRest)
  await end(world, scheduler)
  return world.trace.map(String)
}

/** Lets every timeout pass, disposes of the aggregate, and checks what stays behind. */
async function end(world: World, scheduler: Scheduler): Promise<void> {
  const { drainTimeout, stopTimeout, answersAtEnd } = world.options
  world.isEnding = true
  const letTimePass = async () => {
    await perform(world, [commands.pass(drainTimeout), commands.pass(stopTimeout)])
    await scheduler.waitIdle()
    assertNoViolations(world, atRest)
  }
  // In an overlap two versions may leave one after the other; each needs both timeouts.
  for (let i = 0; i < 4; i++) await letTimePass()
  assertNoViolations(world, afterAWhile)
  assertNoViolations(world, counted)
  if (answersAtEnd) for (const host of world.hosts) host.answerAll()
  await microtasks()
  await perform(world, [commands.dispose()])
  await scheduler.waitIdle()
  for (let i = 0; i < 2; i++) await letTimePass()
  // onMirrored hears of the last calls.
  if (world.options.compares) await nextTurn()
  assertNoViolations(world, atTheEnd)
  assertNoViolations(world, counted)
}

/** Performs commands at once, after checking the aggregate at rest. */
async function perform(world: World, batch: readonly Command<World>[]): Promise<void> {
  // Another sequence has already found a violation.
  if (world.violations.length > 0) return
  world.look()
  world.check(atRest, world)
  for (const command of batch) if (world.violations.length === 0) world.perform(command)
}

function assertNoViolations(world: World, invariants: typeof atRest): void {
  world.look()
  if (world.violations.length === 0) world.check(invariants, world)
  if (world.violations.length > 0) throw new InvariantViolation(world)
}

class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation'

  constructor({ violations, trace, options, status }: World) {
    const done = trace.map((what, i) => `  ${i + 1}. ${what}`)
    const given = Object.entries(options).map(([name, value]) => `${name} ${value}`)
    super(
      [`${[...new Set(violations)].join('. ')}.`, `With ${given.join(', ')}:`, ...done, JSON.stringify(status)].join(
        '\n',
      ),
    )
  }
}
