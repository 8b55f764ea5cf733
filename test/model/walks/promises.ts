import type { VersionPair } from 'cutover'
import { promiseSettled } from './invariants.js'
import type { Outcome, PromiseRecord } from './records.js'
import type { World } from './world.js'

interface WaitsFor {
  readonly version?: string | null
  readonly signal?: AbortSignal | undefined
  /** The only possible outcome. */
  readonly expected?: VersionPair | string
}

/** Calls a method that gives a promise, other than `call()`, and records the outcome. */
export function track(
  world: World,
  of: PromiseRecord['of'],
  ask: () => Promise<unknown>,
  { version = null, signal, expected }: WaitsFor = {},
): void {
  world.look()
  const { hosts, activeHost: active } = world
  const up = hosts.filter(({ starts, hasLeft }) => starts > 0 && !hasLeft)
  const seen = expected === undefined ? [] : [expected]
  const record: PromiseRecord = { of, signal, version, active, up, seen, wasUnwanted: false, outcome: null }
  const promise = ask()
  world.promises.add(record)
  const settled = (outcome: Outcome) => {
    // An answer may have settled it, without any command.
    world.look()
    record.outcome = outcome
    world.promises.delete(record)
    world.check(promiseSettled, record)
  }
  promise.then(
    value => settled({ value }),
    error => settled({ error }),
  )
}

/** Records the values that pending promises may resolve with, after the status was observed. */
export function recordPossibleResults({ promises, status, wanted }: World): void {
  const { state, phase, active, next, versions } = status
  const isSettled = state === 'stopped' || state === 'disposed' || phase === 'settled'
  const isDown = state !== 'stopping' && state !== 'disposing'
  const isWanted = (version: string) =>
    [wanted, status.wanted].every(pair => version === pair.active || version === pair.next)
  for (const record of promises) {
    const { of, seen } = record
    if (of === 'setVersion' && isSettled && seen.length === 0) seen.push({ active, next })
    if (of === 'stop' && isDown && seen.length === 0) seen.push(state)
    if (of !== 'whenRunning') continue
    if (record.version !== null && !isWanted(record.version)) record.wasUnwanted = true
    if (state !== 'running') continue
    for (const { version, state } of versions) {
      if (state === 'running' && (version === active || version === next)) seen.push(version)
    }
  }
}
