import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Aggregate } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { expect, it } from 'vitest'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const HANDOVERS = ['sequential', 'overlap'] as const

/** Whether nothing but `ref` holds its target any more. */
async function isCollected(ref: WeakRef<object>): Promise<boolean> {
  for (let round = 0; round < 20 && ref.deref() !== undefined; round++) {
    // V8 holds the target of a WeakRef that was read until the end of the turn.
    await setImmediate()
    collectGarbage()
  }
  return ref.deref() === undefined
}

/** Adds a version and forgets its runtime. */
function add(aggregate: Aggregate, version: string, { autoStop = true } = {}): WeakRef<ControllableRuntime> {
  const runtime = new ControllableRuntime({ id: 'leaks', version, autoStart: true, autoStop })
  aggregate.addVersion(version, runtime)
  return new WeakRef(runtime)
}

it('The runtime of a version that stays is not collected', async () => {
  const aggregate = new Aggregate({ id: 'leaks' })
  const ref = add(aggregate, '1.0.0')
  expect(await isCollected(ref)).toBe(false)
  expect(aggregate.hasVersion('1.0.0')).toBe(true)
})

it('The runtime of a version that was removed is collected', async () => {
  const aggregate = new Aggregate({ id: 'leaks' })
  const ref = add(aggregate, '1.0.0')
  aggregate.removeVersion('1.0.0')
  expect(await isCollected(ref)).toBe(true)
  expect(aggregate.versions()).toEqual([])
})

it.each(HANDOVERS)('The runtime of a version that was switched away from is collected (%s)', async handover => {
  const aggregate = new Aggregate({ id: 'leaks', handover })
  aggregate.watchEvents().subscribe()
  aggregate.start()
  const old = add(aggregate, '1.0.0')
  await aggregate.setVersion('1.0.0')
  const answered = aggregate.call('a')
  old.deref()?.answerAll()
  await answered
  const next = add(aggregate, '2.0.0')
  await aggregate.setVersion('1.0.0', '2.0.0')
  await aggregate.setVersion('2.0.0')
  expect(await isCollected(old)).toBe(true)
  expect(await isCollected(next)).toBe(false)
  await aggregate.dispose()
})

it('The runtimes of a next version that was torn down, and of all when the aggregate stops, are collected', async () => {
  const aggregate = new Aggregate({ id: 'leaks' })
  aggregate.start()
  const active = add(aggregate, '1.0.0')
  const next = add(aggregate, '2.0.0')
  await aggregate.setVersion('1.0.0', '2.0.0')
  await aggregate.setVersion('1.0.0')
  expect(await isCollected(next)).toBe(true)
  await aggregate.stop()
  expect(await isCollected(active)).toBe(true)
  expect(aggregate.status().state).toBe('stopped')
})

it('A runtime that never answers and never stops is collected once it is given up', async () => {
  const aggregate = new Aggregate({ id: 'leaks', drainTimeout: 0, stopTimeout: 1 })
  aggregate.start()
  const ref = add(aggregate, '1.0.0', { autoStop: false })
  await aggregate.setVersion('1.0.0')
  const call = aggregate.call('a').catch(error => error.code)
  await aggregate.setVersion(null)
  expect(await call).toBe('CUTOVER_VERSION_STOPPED')
  expect(await isCollected(ref)).toBe(true)
  expect(aggregate.status().state).toBe('running')
})

it('What a disposed aggregate held is collected, versions that never ran among it', async () => {
  const aggregate = new Aggregate({ id: 'leaks' })
  const refs = [add(aggregate, '1.0.0'), add(aggregate, '2.0.0')]
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  await aggregate.dispose()
  for (const ref of refs) expect(await isCollected(ref)).toBe(true)
  expect(aggregate.status().state).toBe('disposed')
})
