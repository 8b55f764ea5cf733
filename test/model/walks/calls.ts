import { callArrived, callSettled, callWentOut } from './invariants.js'
import type { CallRecord, Outcome } from './records.js'
import type { WalkHost } from './walkHost.js'
import type { World } from './world.js'

/** `c`: a plain call; `p`: a propagated call; `x`: a call for which `propagate` throws. */
export type CallKind = 'c' | 'p' | 'x'

/** Makes a call, and records its outcome. */
export function makeCall(world: World, kind: CallKind, signal: AbortSignal | undefined): void {
  const number = world.calls.length + 1
  const call: CallRecord = {
    number,
    request: `${kind}${number}`,
    signal,
    madeAt: world.clock.now,
    isPlain: world.isPlain,
    waitingBefore: world.aggregate.status().waiting,
    sentTo: null,
    activeSends: 0,
    nextSends: 0,
    reached: [],
    answer: null,
    outcome: null,
    settlements: 0,
  }
  world.calls.push(call)
  world.openCalls.add(call)
  const wasAborted = signal?.aborted === true
  const promise = world.aggregate.call(call.request, signal === undefined ? undefined : { signal })
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

/** Records that a host got a call. @returns the call's record, if the host got it as the active version */
export function receiveCall(world: World, request: string, host: WalkHost): CallRecord | null {
  const { state, phase } = world.look()
  const call = world.calls[Number(request.slice(1)) - 1]
  if (call === undefined) throw new Error(`The call ${request} was never made.`)
  const { role } = host.events
  world.check(callWentOut, { call, host, role, isServing: state === 'running' && phase !== 'stoppingActive' })
  call.reached.push(host)
  if (call.reached.length === 1 && world.servers.at(-1) !== host) world.servers.push(host)
  if (role === 'next') {
    call.nextSends++
    return null
  }
  call.activeSends++
  call.sentTo = host
  world.lastSent = call.number
  return call
}
