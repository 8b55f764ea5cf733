import type { AggregateStatus } from 'cutover'
import { promiseSettled } from './invariants.js'
import type { Outcome, PromiseRecord } from './records.js'
import type { World } from './world.js'

/** Notes what becomes of a promise that is no call's. */
export function track(world: World, of: PromiseRecord['of'], promise: Promise<unknown>, signal?: AbortSignal): void {
  const record: PromiseRecord = { of, signal, seen: [], outcome: null }
  world.promises.add(record)
  const settled = (outcome: Outcome) => {
    // It may be an answer, and so nobody's doing, that has settled it.
    world.look()
    record.outcome = outcome
    world.promises.delete(record)
    world.judge(promiseSettled, record)
  }
  promise.then(
    value => settled({ value }),
    error => settled({ error }),
  )
}

/** What the promises that are under way may give, now that the aggregate is as `status` says. */
export function noteWhatTheyMayGive(promises: Iterable<PromiseRecord>, status: AggregateStatus): void {
  const { state, phase, active, next, versions } = status
  const isSettled = state === 'stopped' || state === 'disposed' || phase === 'settled'
  const isDown = state !== 'stopping' && state !== 'disposing'
  for (const { of, seen } of promises) {
    if (of === 'setVersion' && isSettled && seen.length === 0) seen.push({ active, next })
    if (of === 'stop' && isDown && seen.length === 0) seen.push(state)
    if (of !== 'whenRunning' || state !== 'running') continue
    for (const { version, state } of versions) {
      if (state === 'running' && (version === active || version === next)) seen.push(version)
    }
  }
}
