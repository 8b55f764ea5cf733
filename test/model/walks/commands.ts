/** Everything that can be done in a walk, each with what it must be refused with. */
import { isCutoverError } from 'cutover'
import { ask } from './asks.js'
import { type CallKind, makeCall } from './calls.js'
import { Command } from './command.js'
import { commandRefused } from './invariants.js'
import { track } from './promises.js'
import { type Habits, type Saying, WalkHost } from './walkHost.js'
import type { World } from './world.js'

export function add(version: string, habits: Habits): Command<World> {
  return new Command(`addVersion(${version}${textOf(habits)})`, world => {
    const isTaken = world.look().versions.some(its => its.version === version)
    const host = new WalkHost(world, version, world.nextNumber(), habits)
    if (!isTaken && !world.isDisposeAsked) {
      world.hosts.push(host)
      world.here.set(version, host)
    }
    expectCode(world, isTaken ? 'CUTOVER_DUPLICATE_VERSION' : null, () => world.aggregate.addVersion(version, host))
  })
}

export function remove(version: string): Command<World> {
  return new Command(`removeVersion(${version})`, world => {
    const its = world.look().versions.find(its => its.version === version)
    const isWanted = version === world.wanted.active || version === world.wanted.next
    const isInUse = isWanted || its?.state !== 'provisioned'
    const code = its === undefined ? 'CUTOVER_NO_SUCH_VERSION' : isInUse ? 'CUTOVER_VERSION_IN_USE' : null
    expectCode(world, code, () => world.aggregate.removeVersion(version))
  })
}

export function setVersion(active: string | null, next: string | null): Command<World> {
  return new Command(`setVersion(${active}, ${next})`, world => {
    if (!world.isDisposeAsked) {
      // Rule 7, in other words than the machine's.
      world.wanted = { active: active ?? next, next: active === null || next === active ? null : next }
    }
    track(world, 'setVersion', () => world.aggregate.setVersion(active, next))
  })
}

export function start(): Command<World> {
  return new Command('start()', world => {
    if (!world.isDisposeAsked) world.isStartAsked = true
    expectCode(world, null, () => world.aggregate.start())
  })
}

export function stop(): Command<World> {
  return new Command('stop()', world => {
    world.isStartAsked = false
    track(world, 'stop', () => world.aggregate.stop())
  })
}

export function dispose(): Command<World> {
  return new Command('dispose()', world => {
    world.isDisposeAsked = true
    track(world, 'dispose', () => world.aggregate.dispose())
  })
}

export function call(kind: CallKind, signal: number | null): Command<World> {
  const text = { c: 'call', p: 'call, propagated', x: 'call, propagate throws' }[kind]
  return new Command(signal === null ? text : `${text}, signal ${signal}`, world =>
    makeCall(world, kind, signalOf(world, signal)),
  )
}

export function abortSignal(signal: number): Command<World> {
  return new Command(`signal ${signal} fires`, world => {
    world.signals[signal]?.abort(new Error(`signal ${signal}`))
  })
}

export function whenRunning(version: string | null, number: number | null): Command<World> {
  const text = number === null ? `whenRunning(${version})` : `whenRunning(${version}, signal ${number})`
  return new Command(text, world => {
    const signal = signalOf(world, number)
    const options = { ...(version === null ? {} : { version }), ...(signal === undefined ? {} : { signal }) }
    track(world, 'whenRunning', () => world.aggregate.whenRunning(options), { version, signal })
  })
}

export function getInfo(): Command<World> {
  return new Command('getInfo()', world =>
    ask(world, 'getInfo', () => track(world, 'getInfo', () => world.aggregate.getInfo())),
  )
}

export function abort(force: boolean): Command<World> {
  return new Command(`abort(${force})`, world =>
    ask(world, 'abort', () => track(world, 'abort', () => world.aggregate.abort({ force }))),
  )
}

export function updateCapability(): Command<World> {
  return new Command('updateCapabilityTEE()', world =>
    ask(world, 'updateCapabilityTEE', () => world.aggregate.updateCapabilityTEE()),
  )
}

/** One more subscriber, which throws whenever it hears something, or does these things, one an event. */
export function watch(acts: readonly Command<World>[]): Command<World> {
  return new Command(`watchEvents(${acts.length === 0 ? 'throws' : `does ${acts.join(', ')}`})`, world =>
    world.audience.join(acts),
  )
}

/** The host that is there says it, or else the last one of that version that was. */
export function says(version: string, saying: Saying): Command<World> {
  return new Command(`${version} says ${saying}`, world => hostOf(world, version)?.say(saying))
}

export function answers(version: string, fails: boolean): Command<World> {
  return new Command(`${version} ${fails ? 'fails' : 'answers'} a call`, world => {
    hostOf(world, version)?.answerOldest(fails)
  })
}

export function pass(ms: number): Command<World> {
  return new Command(`${ms} ms pass`, world => world.clock.pass(ms))
}

export function stall(ms: number): Command<World> {
  return new Command(`${ms} ms pass at once`, world => world.clock.stall(ms))
}

/** Does it, which must be refused with `code`, or after dispose() as such. */
function expectCode(world: World, code: string | null, act: () => void): void {
  const expected = world.isDisposeAsked ? 'CUTOVER_DISPOSED' : code
  let actual: string | null = null
  try {
    act()
  } catch (error) {
    actual = isCutoverError(error) ? error.code : `${error}`
  }
  world.judge(commandRefused, { expected, actual })
}

function hostOf(world: World, version: string): WalkHost | undefined {
  return world.here.get(version) ?? world.hosts.findLast(host => host.version === version)
}

function signalOf(world: World, number: number | null): AbortSignal | undefined {
  return number === null ? undefined : world.signals[number]?.signal
}

function textOf({ start, stop, call, watch, inside }: Habits): string {
  const within = inside === null ? '' : `, does ${inside.command} inside ${inside.method}()`
  return `, start ${start}, stop ${stop}, call ${call}, watch ${watch}${within}`
}
