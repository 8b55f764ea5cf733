import { callArrived, callSettled, callWentOut } from './invariants.js'
import type { CallRecord, Outcome } from './records.js'
import type { WalkHost } from './walkHost.js'
import type { World } from './world.js'

/** `c`: a plain call; `p`: a propagated call; `x`: a call for which `propagate` throws. */
export type CallKind = 'c' | 'p' | 'x'

/** Makes a call, and records its outcome. */
export function makeCall(world: World, kind: CallKind, signal: AbortSignal | undefined, pin: string | null): void {
  const number = world.calls.length + 1
  const call: CallRecord = {
    number,
    request: `${kind}${number}`,
    signal,
    pin,
    madeAt: world.clock.now,
    isPlain: world.isPlain,
    waitingBefore: world.aggregate.status().waiting,
    sentTo: null,
    deathsBefore: 0,
    sends: 0,
    mirrors: 0,
    reached: [],
    answer: null,
    outcome: null,
    settlements: 0,
  }
  world.calls.push(call)
  world.hasPinned ||= pin !== null
  world.openCalls.add(call)
  const wasAborted = signal?.aborted === true
  const options = {
    ...(signal && { signal }),
    ...(world.options.hasKeys && { key: call.request }),
    ...(pin !== null && { version: pin }),
  }
  const promise = world.aggregate.call(call.request, Object.keys(options).length === 0 ? undefined : options)
  world.check(callArrived, { call, wasAborted })
  const settled = (outcome: Outcome) => {
    call.settlements++
    call.outcome = outcome
    world.openCalls.delete(call)
    world.check(callSettled, { call, outcome })
  }
  promise.then(
    value => settled({ value }),
    error => settled({ error }),
  )
}

/** Records that a host got a call. @returns the call's record, if the host answers it */
export function receiveCall(world: World, request: string, host: WalkHost): CallRecord | null {
  const { state, next, versions, share } = world.look()
  const call = world.calls[Number(request.slice(1)) - 1]
  if (call === undefined) throw new Error(`The call ${request} was never made.`)
  const { role } = host.events
  const runs = (version: string | null) => versions.some(its => its.version === version && its.state === 'running')
  const isMirror = call.sends > 0
  const isUp = state === 'running' && runs(host.version)
  world.check(callWentOut, { call, host, role, isUp, isMirror, share: runs(next) ? share : 0 })
  call.reached.push(host)
  if (call.reached.length === 1 && world.servers.at(-1) !== host) world.servers.push(host)
  if (isMirror) {
    call.mirrors++
    return null
  }
  call.sends++
  call.sentTo = host
  call.deathsBefore = host.events.deaths
  world.lastSent = call.number
  return call
}
