import { Aggregate, type AggregateStatus, type Role, type RuntimeEvent } from 'cutover'
import { aggregateScenarios } from 'cutover/testing'
import { filter, map } from 'rxjs'
import { expect, it, vi } from 'vitest'
import { BufferedRuntime } from '../../../src/testing/scenarios/bufferedRuntime.js'
import { rejectionOf } from '../../fixtures/hosting.js'
import { named } from '../../fixtures/named.js'
import { ReadyRuntime, SMALL } from '../../fixtures/scenarios/ready.js'

const PROMOTE = /^promote: a next version that is running takes over/
/** Runs a scenario with a correct runtime, and gives the error that reports the fault of the aggregate. */
const errorOf = async (pattern = PROMOTE, timeout = 1_000) => {
  const error = await rejectionOf(
    named(aggregateScenarios({ ...SMALL, handover: 'sequential', timeout }), pattern).run(),
  )
  return (error as Error).message
}

it.each(['state', 'phase', 'active', 'next', 'wanted', 'versions', 'waiting'] as const)(
  'status() gives a wrong value of %s',
  async field => {
    const { status } = Aggregate.prototype
    vi.spyOn(Aggregate.prototype, 'status').mockImplementation(function (this: Aggregate): AggregateStatus {
      const actual = status.call(this)
      return actual.active === '2.0.0' ? { ...actual, [field]: field === 'versions' ? [] : 'wrong' } : actual
    })
    const expected = new RegExp(`Step 8 .*status\\(\\) differs from the state of the statechart:[\\s\\S]*${field}: `)
    expect(await errorOf()).toMatch(expected)
  },
)

it.each(['configUpdated', 'started', 'stopped'])('It does not emit %s', async type => {
  const { watchEvents } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'watchEvents').mockImplementation(function (this: Aggregate) {
    return watchEvents.call(this).pipe(filter((event: RuntimeEvent) => event.type !== type))
  })
  expect(await errorOf()).toMatch(/A subscriber of the aggregate got other events than expected:/)
})

/** Has a capability when it starts, and updates it at once. */
class TrustedRuntime extends ReadyRuntime {
  override emit(event: RuntimeEvent): void {
    if (event.type !== 'started') return super.emit(event)
    super.emit({ ...event, capabilityTEE: { hardware: 'old' } })
    this.emitUpdated({ hardware: 'new' })
  }
}

it('On promotion it emits the first capability of a next version, not the last', async () => {
  const trusted = aggregateScenarios({ ...SMALL, provision: version => new TrustedRuntime(version) })
  const received: RuntimeEvent[] = []
  const promote = named(trusted, PROMOTE)
  const { watchEvents } = Aggregate.prototype
  const spy = vi.spyOn(Aggregate.prototype, 'watchEvents').mockImplementation(function (this: Aggregate) {
    const events$ = watchEvents.call(this)
    events$.subscribe(event => received.push(event))
    return events$
  })
  await promote.run()
  expect(received).toContainEqual({ type: 'started', version: '2.0.0', capabilityTEE: { hardware: 'new' } })
  spy.mockImplementation(function (this: Aggregate) {
    const old = (event: RuntimeEvent): RuntimeEvent =>
      event.type === 'started' && event.version === '2.0.0' ? { ...event, capabilityTEE: { hardware: 'old' } } : event
    return watchEvents.call(this).pipe(map(old))
  })
  expect(String(await rejectionOf(promote.run()))).toMatch(
    /A subscriber of the aggregate got other events than expected:[\s\S]*'new'/,
  )
})

it('setVersion() resolves with another pair', async () => {
  const { setVersion } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'setVersion').mockImplementation(function (this: Aggregate, ...versions) {
    return setVersion.apply(this, versions).then(pair => ({ ...pair, next: null }))
  })
  expect(await errorOf()).toMatch(/setVersion\(\) must resolve with the pair in place/)
})

it.each(['setVersion', 'stop', 'dispose'] as const)('%s() never resolves', async method => {
  const original: (...args: never[]) => Promise<unknown> = Aggregate.prototype[method]
  vi.spyOn(Aggregate.prototype, method).mockImplementation(function (this: Aggregate, ...args: unknown[]) {
    void original.apply(this, args as never[])
    return new Promise<never>(() => {})
  })
  const message = `Timed out waiting for the promise of ${method}()`
  expect(await errorOf(method === 'stop' ? /^stop: and start again/ : PROMOTE, 300)).toContain(message)
})

it('stop() rejects', async () => {
  const { stop } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'stop').mockImplementation(async function (this: Aggregate) {
    await stop.call(this)
    throw new Error('cannot stop')
  })
  expect(await errorOf(/^stop: and start again/)).toContain('cannot stop')
})

it('It sends a call twice', async () => {
  const { call } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'call').mockImplementation(function (this: Aggregate, request, options) {
    const { active, versions } = this.status()
    const isServing = versions.some(its => its.version === active && its.state === 'running')
    if (isServing) void call.call(this, request, options).catch(() => {})
    return call.call(this, request, options)
  })
  expect(await errorOf()).toMatch(/A call must reach the active version, once\. It reached:/)
})

it.each<[string, Role, Role[]]>([
  ['It never tells a version that it is active', 'active', []],
  ['It tells an active version that it is next', 'active', ['next']],
  ['It never tells a version that it leaves', 'leaving', []],
])('%s', async (_, role, instead) => {
  const { setRole } = BufferedRuntime.prototype
  vi.spyOn(BufferedRuntime.prototype, 'setRole').mockImplementation(function (this: BufferedRuntime, told) {
    for (const its of told === role ? instead : [told]) setRole.call(this, its)
  })
  expect(await errorOf()).toMatch(/Step \d+ of \d+, .*: Version 1\.0\.0 was told another role than it has:/)
})

it('It tells a version its role after the first call', async () => {
  const { setRole } = BufferedRuntime.prototype
  vi.spyOn(BufferedRuntime.prototype, 'setRole').mockImplementation(function (this: BufferedRuntime, role) {
    void this.call('too early').catch(() => {})
    setRole.call(this, role)
  })
  expect(await errorOf()).toMatch(/Version 1\.0\.0 got a call before it was told its role/)
})

it('It changes the order of waiting calls', async () => {
  const { call } = Aggregate.prototype
  let swap: (() => void) | undefined
  let made = 0
  vi.spyOn(Aggregate.prototype, 'call').mockImplementation(function (this: Aggregate, request, options) {
    const send = () => call.call(this, request, options)
    if (++made === 1) {
      return new Promise(resolve => {
        swap = () => resolve(send())
      })
    }
    const answer = send()
    swap?.()
    swap = undefined
    return answer
  })
  expect(await errorOf(/^add: a version that is wanted already/)).toMatch(
    /The waiting calls did not reach version 1\.0\.0 in their order:/,
  )
})

it('dispose() does not reject the waiting calls', async () => {
  const { call } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'call').mockImplementation(function (this: Aggregate, request, options) {
    const answer = call.call(this, request, options)
    return this.status().phase === 'stoppingActive' ? answer.catch(() => new Promise(() => {})) : answer
  })
  expect(await errorOf(/^dispose: while the old active version stops/)).toMatch(
    /Step \d+ of \d+, dispose\(\): Timed out waiting for a call after dispose\(\) to reject/,
  )
})

it('It stops a runtime twice', async () => {
  const { stop } = BufferedRuntime.prototype
  vi.spyOn(BufferedRuntime.prototype, 'stop').mockImplementation(function (this: BufferedRuntime) {
    this.stops++
    stop.call(this)
  })
  expect(await errorOf()).toMatch(/After the last step: Version 1\.0\.0 was started 1 times and stopped 2 times/)
})

it('It does not unsubscribe from a runtime', async () => {
  const { watchEvents } = BufferedRuntime.prototype
  vi.spyOn(BufferedRuntime.prototype, 'watchEvents').mockImplementation(function (this: BufferedRuntime) {
    const events$ = watchEvents.call(this)
    events$.subscribe()
    return events$
  })
  expect(await errorOf()).toMatch(/After the last step: The aggregate still watches version 1\.0\.0 after dispose\(\)/)
})

it('It answers calls after dispose()', async () => {
  const { call } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'call').mockImplementation(function (this: Aggregate, request, options) {
    return call.call(this, request, options).catch(() => 'an answer')
  })
  expect(await errorOf()).toMatch(/must reject with CUTOVER_DISPOSED, but was answered: "an answer"/)
})
