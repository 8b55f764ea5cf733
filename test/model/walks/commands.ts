/** All commands of a walk. Each checks the code with which it must be refused. */
import { type ErrorCode, isCutoverError } from 'cutover'
import { type CallKind, makeCall } from './calls.js'
import { Command } from './command.js'
import { forward } from './forwarding.js'
import { commandRefused, swapped } from './invariants.js'
import { track } from './promises.js'
import { type Behaviour, type Emission, WalkHost } from './walkHost.js'
import type { World } from './world.js'

export function add(version: string, behaviour: Behaviour): Command<World> {
  return new Command(`addVersion(${version}${textOf(behaviour)})`, world => {
    const isTaken = world.look().versions.some(its => its.version === version)
    const host = new WalkHost(world, version, world.nextNumber(), behaviour)
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

/** @param promote - whether a next without an active becomes the active */
export function setVersion(active: string | null, next: string | null, promote = true): Command<World> {
  return new Command(`setVersion(${active}, ${next}${promote ? '' : ', { promote: false }'})`, world => {
    if (!world.isDisposeAsked) {
      // Rule 7, written independently of the machine.
      const isPromoted = active === null && promote
      world.wanted = { active: isPromoted ? next : active, next: isPromoted || next === active ? null : next }
    }
    track(world, 'setVersion', () => world.aggregate.setVersion(active, next, { promote }))
  })
}

export function swap(): Command<World> {
  return new Command('swap()', world => {
    const before = world.look()
    const code = refusalToSwap(world)
    const pair = { active: before.next, next: before.active }
    if (code === null) {
      world.wanted = pair
      world.hasSwapped = true
      world.subscribers.configUpdates.due++
    }
    track(world, 'swap', () => world.aggregate.swap(), { expected: code ?? pair })
    world.check(swapped, { before, after: world.look(), isRefused: code !== null })
  })
}

/** Rule 23, written independently of the machine. */
function refusalToSwap({ isDisposeAsked, status }: World): ErrorCode | null {
  const { state, phase, active, next, versions } = status
  if (isDisposeAsked) return 'CUTOVER_DISPOSED'
  if (state !== 'running' || phase !== 'settled') return 'CUTOVER_NOT_SETTLED'
  const isUp = versions.some(its => its.version === next && its.state === 'running')
  if (!isUp) return 'CUTOVER_NO_NEXT_VERSION'
  return active === null ? 'CUTOVER_NO_ACTIVE_VERSION' : null
}

export function setShare(percent: number): Command<World> {
  return new Command(`setShare(${percent})`, world => {
    const its = world.options.hasKeys ? percent : Math.round(percent / 100) * 100
    const { next, versions } = world.look()
    const stays = next !== null && versions.some(its => its.version === next && its.state !== 'stopping')
    const code = its === 0 || stays ? null : 'CUTOVER_NO_NEXT_VERSION'
    if (code === null && !world.isDisposeAsked) {
      world.share = its
      world.hasShared ||= its > 0
    }
    expectCode(world, code, () => world.aggregate.setShare(its))
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

export function call(kind: CallKind, signal: number | null, pin: string | null = null): Command<World> {
  const name = { c: 'call', p: 'call, propagated', x: 'call, propagate throws' }[kind]
  const text = pin === null ? name : `${name}, of ${pin}`
  return new Command(signal === null ? text : `${text}, signal ${signal}`, world =>
    makeCall(world, kind, signalOf(world, signal), pin),
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
    forward(world, 'getInfo', () => track(world, 'getInfo', () => world.aggregate.getInfo())),
  )
}

export function abort(force: boolean): Command<World> {
  return new Command(`abort(${force})`, world =>
    forward(world, 'abort', () => track(world, 'abort', () => world.aggregate.abort({ force }))),
  )
}

export function updateCapability(): Command<World> {
  return new Command('updateCapabilityTEE()', world =>
    forward(world, 'updateCapabilityTEE', () => world.aggregate.updateCapabilityTEE()),
  )
}

/** Adds a subscriber, which performs one command inside each event; without commands it throws inside each event. */
export function watch(acts: readonly Command<World>[]): Command<World> {
  return new Command(`watchEvents(${acts.length === 0 ? 'throws' : `performs ${acts.join(', ')}`})`, world =>
    world.subscribers.join(acts),
  )
}

/** The host of this version emits an event; if it has left, the last host of this version does. */
export function emits(version: string, emission: Emission): Command<World> {
  return new Command(`${version} emits ${emission}`, world => hostOf(world, version)?.emit(emission))
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

/** Calls `act`, which must throw `code`; null: it must not throw. After dispose() it must throw `CUTOVER_DISPOSED`. */
function expectCode(world: World, code: string | null, act: () => void): void {
  const expected = world.isDisposeAsked ? 'CUTOVER_DISPOSED' : code
  let actual: string | null = null
  try {
    act()
  } catch (error) {
    actual = isCutoverError(error) ? error.code : `${error}`
  }
  world.check(commandRefused, { expected, actual })
}

function hostOf(world: World, version: string): WalkHost | undefined {
  return world.here.get(version) ?? world.hosts.findLast(host => host.version === version)
}

function signalOf(world: World, number: number | null): AbortSignal | undefined {
  return number === null ? undefined : world.signals[number]?.signal
}

function textOf({ start, stop, call, watch, inside }: Behaviour): string {
  const within = inside === null ? '' : `, performs ${inside.command} inside ${inside.method}()`
  return `, start ${start}, stop ${stop}, call ${call}, watch ${watch}${within}`
}
