import { Aggregate, type AggregateStatus, type RuntimeEvent } from 'cutover'
import { aggregateScenarios } from 'cutover/testing'
import { filter, map } from 'rxjs'
import { expect, it, vi } from 'vitest'
import { GatedRuntime } from '../../../src/testing/scenarios/gatedRuntime.js'
import { rejectionOf } from '../../fixtures/hosting.js'
import { named, ReadyRuntime, SMALL } from '../../fixtures/scenarios/ready.js'

/** What scenarios say of an aggregate that does something wrong: each of its promises is looked after. */
const PROMOTE = /^promote: a next version that is up takes over/
const caught = async (pattern = PROMOTE) => {
  const error = await rejectionOf(
    named(aggregateScenarios({ ...SMALL, handover: 'sequential', timeout: 1_000 }), pattern).run(),
  )
  return (error as Error).message
}

it('It says that it is in another state', async () => {
  const { status } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'status').mockImplementation(function (this: Aggregate): AggregateStatus {
    const said = status.call(this)
    return said.active === '2.0.0' ? { ...said, next: '1.0.0' } : said
  })
  expect(await caught()).toMatch(/Step 8 .*not in the state that it should be in:[\s\S]*next: '1\.0\.0'/)
})

it.each(['configUpdated', 'started', 'stopped'])('It does not say %s', async type => {
  const { watchEvents } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'watchEvents').mockImplementation(function (this: Aggregate) {
    return watchEvents.call(this).pipe(filter((event: RuntimeEvent) => event.type !== type))
  })
  expect(await caught()).toMatch(/A subscriber did not hear what it should:/)
})

/** With a capability from its start on, and then a better one. */
class TrustedRuntime extends ReadyRuntime {
  override emit(event: RuntimeEvent): void {
    if (event.type !== 'started') return super.emit(event)
    super.emit({ ...event, capabilityTEE: { hardware: 'old' } })
    this.emitUpdated({ hardware: 'new' })
  }
}

it('It passes on the first capability of a next version, not the last', async () => {
  const trusted = aggregateScenarios({ ...SMALL, provision: version => new TrustedRuntime(version) })
  const heard: RuntimeEvent[] = []
  const promote = named(trusted, PROMOTE)
  const { watchEvents } = Aggregate.prototype
  const spy = vi.spyOn(Aggregate.prototype, 'watchEvents').mockImplementation(function (this: Aggregate) {
    const events$ = watchEvents.call(this)
    events$.subscribe(event => heard.push(event))
    return events$
  })
  await promote.run()
  expect(heard).toContainEqual({ type: 'started', version: '2.0.0', capabilityTEE: { hardware: 'new' } })
  spy.mockImplementation(function (this: Aggregate) {
    const old = (event: RuntimeEvent): RuntimeEvent =>
      event.type === 'started' && event.version === '2.0.0' ? { ...event, capabilityTEE: { hardware: 'old' } } : event
    return watchEvents.call(this).pipe(map(old))
  })
  expect(String(await rejectionOf(promote.run()))).toMatch(/A subscriber did not hear what it should:[\s\S]*'new'/)
})

it('It resolves setVersion with another pair', async () => {
  const { setVersion } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'setVersion').mockImplementation(function (this: Aggregate, ...versions) {
    return setVersion.apply(this, versions).then(pair => ({ ...pair, next: null }))
  })
  expect(await caught()).toMatch(/setVersion\(\) resolved with another pair/)
})

it('It never resolves setVersion', async () => {
  const { setVersion } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'setVersion').mockImplementation(function (this: Aggregate, ...versions) {
    void setVersion.apply(this, versions)
    return new Promise(() => {})
  })
  expect(await caught()).toMatch(/Waited for the promise of setVersion\(\), in vain/)
})

it('It sends a call twice', async () => {
  const { call } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'call').mockImplementation(function (this: Aggregate, request, options) {
    const { active, versions } = this.status()
    const isServing = versions.some(its => its.version === active && its.state === 'running')
    if (isServing) void call.call(this, request, options).catch(() => {})
    return call.call(this, request, options)
  })
  expect(await caught()).toMatch(/A call must go to the active version, once\. It went to:/)
})

it('It lets calls that wait overtake each other', async () => {
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
  expect(await caught(/^add: a version that is wanted already/)).toMatch(
    /The calls that waited did not reach version 1\.0\.0 in their order:/,
  )
})

it('It does not reject the calls that wait when it is disposed of', async () => {
  const { call } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'call').mockImplementation(function (this: Aggregate, request, options) {
    const answer = call.call(this, request, options)
    return this.status().phase === 'stoppingActive' ? answer.catch(() => new Promise(() => {})) : answer
  })
  expect(await caught(/^dispose: while the old active version stops/)).toMatch(
    /Step \d+ of \d+, dispose\(\): Waited for a call after dispose\(\) to be rejected/,
  )
})

it('It stops a runtime twice', async () => {
  const { stop } = GatedRuntime.prototype
  vi.spyOn(GatedRuntime.prototype, 'stop').mockImplementation(function (this: GatedRuntime) {
    this.stops++
    stop.call(this)
  })
  expect(await caught()).toMatch(/After the last step: Version 1\.0\.0 was started 1 times and stopped 2 times/)
})

it('It does not leave off watching a runtime', async () => {
  const { watchEvents } = GatedRuntime.prototype
  vi.spyOn(GatedRuntime.prototype, 'watchEvents').mockImplementation(function (this: GatedRuntime) {
    const events$ = watchEvents.call(this)
    events$.subscribe()
    return events$
  })
  expect(await caught()).toMatch(/After the last step: Version 1\.0\.0 is still watched after dispose\(\)/)
})

it('It takes calls after dispose', async () => {
  const { call } = Aggregate.prototype
  vi.spyOn(Aggregate.prototype, 'call').mockImplementation(function (this: Aggregate, request, options) {
    return call.call(this, request, options).catch(() => 'an answer')
  })
  expect(await caught()).toMatch(/must reject with CUTOVER_DISPOSED, but was answered: "an answer"/)
})
