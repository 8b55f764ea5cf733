import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { Hosting, rejectionOf } from '../fixtures/hosting.js'
import { pair } from './sharing.js'

const ONE = { version: '1.0.0' }
const TWO = { version: '2.0.0' }
const code = (code: string, version?: string) => expect.objectContaining({ code, ...(version && { version }) })

const requestsOf = ({ calls }: { readonly calls: readonly { readonly request: string }[] }) =>
  calls.map(({ request }) => request)

describe('a call that names its version', () => {
  it('S28: goes to that version, active or next, whatever the share', async () => {
    const { aggregate, one, two } = await pair()
    for (const percent of [0, 100]) {
      aggregate.setShare(percent)
      void aggregate.call('a', ONE).catch(() => {})
      void aggregate.call('b', { version: '2.0.0+build' }).catch(() => {})
    }
    await aggregate.swap()
    void aggregate.call('a', ONE).catch(() => {})
    expect([requestsOf(one), requestsOf(two)]).toEqual([
      ['a', 'a', 'a'],
      ['b', 'b'],
    ])
  })

  it('S28: waits while that version starts, and goes out in order, in its async context', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    const two = hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const tenant = new AsyncLocalStorage<string>()
    const tenants: unknown[] = []
    const call = two.call.bind(two)
    two.call = (request, options) => {
      tenants.push(tenant.getStore())
      return call(request, options)
    }
    const calls = ['a', 'b', 'c'].map(name => tenant.run(name, () => hosting.aggregate.call(name, TWO)))
    expect(hosting.aggregate.status().waiting).toBe(3)
    two.emitStarted()
    expect([requestsOf(two), tenants]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ])
    two.answerAll()
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c'])
  })

  it('S28: after waitTimeout it rejects with the version and its last failure to start', async () => {
    const hosting = new Hosting({ waitTimeout: 100 })
    await hosting.serve('1.0.0')
    const two = hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const call = hosting.aggregate.call('a', TWO)
    const failure = new Error('no disk')
    two.emitFailedToStart(failure)
    hosting.clock.increment(100)
    const error = await rejectionOf(call)
    expect(error).toMatchObject({ code: 'CUTOVER_NOT_RUNNING', version: '2.0.0', cause: failure })
    expect((error as Error).message).toContain('within 100 ms')
    expect(hosting.aggregate.status().waiting).toBe(0)
  })

  it('S28: it rejects at once if the host of that version has given up', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    const two = hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const waiting = hosting.aggregate.call('a', TWO)
    two.emitGaveUp()
    for (const call of [waiting, hosting.aggregate.call('b', TWO)]) {
      expect(await rejectionOf(call)).toEqual(code('CUTOVER_NOT_RUNNING', '2.0.0'))
    }
  })

  it('S28: it rejects if that version is neither active nor next, known or not', async () => {
    const { hosting, aggregate } = await pair()
    hosting.addWilling('3.0.0')
    for (const version of ['3.0.0', '4.0.0']) {
      expect(await rejectionOf(aggregate.call('a', { version }))).toEqual(code('CUTOVER_NO_SUCH_VERSION', version))
    }
    await aggregate.stop()
    expect(await rejectionOf(aggregate.call('a', ONE))).toEqual(code('CUTOVER_NO_SUCH_VERSION', '1.0.0'))
    await aggregate.dispose()
    expect(await rejectionOf(aggregate.call('a', ONE))).toEqual(code('CUTOVER_DISPOSED'))
  })

  it.each<[string, (hosting: Hosting) => unknown]>([
    ['setVersion', ({ aggregate }) => aggregate.setVersion('1.0.0')],
    ['stop', ({ aggregate }) => aggregate.stop()],
  ])('S28: it rejects as soon as its version begins to leave, by %s, and never falls back', async (_, act) => {
    const hosting = new Hosting()
    const one = await hosting.serve('1.0.0')
    const two = hosting.add('2.0.0', { autoStart: true })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const inFlight = hosting.aggregate.call('in flight', TWO)
    two.emitStopped(new Error('broken'))
    await rejectionOf(inFlight)
    const waiting = hosting.aggregate.call('waiting', TWO)
    void act(hosting)
    expect(two.stops).toBe(1)
    expect(await rejectionOf(waiting)).toEqual(code('CUTOVER_NO_SUCH_VERSION', '2.0.0'))
    expect(await rejectionOf(hosting.aggregate.call('late', TWO))).toEqual(code('CUTOVER_NO_SUCH_VERSION', '2.0.0'))
    expect(one.calls).toEqual([])
  })

  it('S28: calls that wait for one version never block those of another, nor take their places', async () => {
    const hosting = new Hosting({ maxWaitingCalls: 2 })
    const one = await hosting.serve('1.0.0')
    const two = hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    one.emitStopped(new Error('broken'))
    for (const request of ['two', 'two']) void hosting.aggregate.call(request, TWO).catch(() => {})
    for (const request of ['one', 'one']) void hosting.aggregate.call(request, ONE).catch(() => {})
    for (const request of ['any', 'any']) void hosting.aggregate.call(request).catch(() => {})
    for (const options of [ONE, TWO, undefined]) {
      const error = await rejectionOf(hosting.aggregate.call('too many', options))
      expect(error).toEqual(code('CUTOVER_TOO_MANY_WAITING_CALLS'))
    }
    expect(hosting.aggregate.status().waiting).toBe(6)
    one.emitStarted()
    expect(requestsOf(one).sort()).toEqual(['any', 'any', 'one', 'one'])
    two.emitStarted()
    expect([requestsOf(two), hosting.aggregate.status().waiting]).toEqual([['two', 'two'], 0])
  })

  it('S28: its signal ends the wait; with a waitTimeout of 0 there is none', async () => {
    const hosting = new Hosting({ waitTimeout: 0 })
    await hosting.serve('1.0.0')
    hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    expect(await rejectionOf(hosting.aggregate.call('a', TWO))).toEqual(code('CUTOVER_NOT_RUNNING', '2.0.0'))
    const patient = new Hosting()
    await patient.serve('1.0.0')
    const two = patient.add('2.0.0')
    await patient.aggregate.setVersion('1.0.0', '2.0.0')
    const controller = new AbortController()
    const call = patient.aggregate.call('a', { ...TWO, signal: controller.signal })
    controller.abort('enough')
    expect(await rejectionOf(call)).toBe('enough')
    two.emitStarted()
    expect(two.calls).toEqual([])
  })

  it('S28: a subscriber that calls in the middle of a swap reaches the version that it names', async () => {
    const { aggregate, one, two } = await pair()
    const subscription = aggregate.watchEvents().subscribe(() => {
      subscription.unsubscribe()
      for (const options of [ONE, TWO]) void aggregate.call(options.version, options).catch(() => {})
    })
    await aggregate.swap()
    expect([requestsOf(one), requestsOf(two)]).toEqual([['1.0.0'], ['2.0.0']])
  })

  it('S28: calls that it makes when it goes out go out too, whichever version they name', async () => {
    const { aggregate, one, two } = await pair()
    one.emitStopped(new Error('broken'))
    let inner: Promise<string[]> | undefined
    one.call = async request => {
      if (request === 'outer') inner = Promise.all([aggregate.call('any'), aggregate.call('two', TWO)])
      return request
    }
    two.call = async request => request
    const outer = aggregate.call('outer', ONE)
    one.emitStarted()
    expect(await outer).toBe('outer')
    expect(aggregate.status().waiting).toBe(0)
    expect(await inner).toEqual(['any', 'two'])
  })

  it('S28: text that is not SemVer is refused, and nothing is sent', async () => {
    const { aggregate, one, two } = await pair()
    for (const version of ['v1.0.0', '1', 7 as never]) {
      expect(await rejectionOf(aggregate.call('a', { version }))).toEqual(code('CUTOVER_INVALID_VERSION'))
    }
    expect([...one.calls, ...two.calls]).toEqual([])
  })

  it('S16: it is not propagated', async () => {
    const { aggregate, one, two } = await pair({ propagate: () => true })
    void aggregate.call('a', TWO).catch(() => {})
    void aggregate.call('b', { ...ONE, transfer: [new ArrayBuffer(1)] }).catch(() => {})
    expect([requestsOf(one), requestsOf(two)]).toEqual([['b'], ['a']])
  })

  it('S29: the drain of its version waits for it', async () => {
    const { aggregate, two } = await pair()
    const call = aggregate.call('a', TWO)
    const torn = aggregate.setVersion('1.0.0')
    expect(two.stops).toBe(0)
    two.answerAll()
    expect(await call).toBe('a')
    await torn
    expect(two.stops).toBe(1)
  })

  it('S29: the drain waits for the calls in a share, up to drainTimeout', async () => {
    const { hosting, aggregate, two } = await pair()
    aggregate.setShare(100)
    const call = aggregate.call('a')
    void aggregate.setVersion('1.0.0')
    hosting.clock.increment(4_999)
    expect(two.stops).toBe(0)
    hosting.clock.increment(1)
    expect(await rejectionOf(call)).toEqual(code('CUTOVER_VERSION_STOPPED', '2.0.0'))
  })
})

describe('onVersion', () => {
  it('S33: hears the version of each call when it is sent, at once or later', async () => {
    const { aggregate, one, two } = await pair({ propagate: () => true })
    const heard: string[] = []
    const call = (name: string, options = {}) => {
      void aggregate.call(name, { ...options, onVersion: version => heard.push(`${name} ${version}`) }).catch(() => {})
    }
    call('active')
    call('pinned', TWO)
    aggregate.setShare(100)
    call('shared')
    aggregate.setShare(0)
    one.emitStopped(new Error('broken'))
    call('waiting')
    expect(heard).toEqual(['active 1.0.0', 'pinned 2.0.0', 'shared 2.0.0'])
    one.emitStarted()
    expect(heard.at(-1)).toBe('waiting 1.0.0')
    expect(heard).toHaveLength(4)
    expect(two.calls).toHaveLength(4)
  })

  it('S33: neither it nor the version is passed to the runtime, nor to the other one of a propagated call; the key is', async () => {
    const { aggregate, one, two } = await pair({ propagate: () => true })
    const { signal } = new AbortController()
    void aggregate.call('a', { signal, key: 'k', onVersion: () => {} }).catch(() => {})
    void aggregate.call('b', { ...TWO, key: 'k', signal }).catch(() => {})
    expect([...one.calls, ...two.calls].map(({ options }) => options)).toEqual(Array(3).fill({ signal, key: 'k' }))
  })

  it('S33: one that throws costs a warning and no more; one that is no function is refused', async () => {
    const { hosting, aggregate, one } = await pair()
    const call = aggregate.call('a', {
      onVersion: () => {
        throw new Error('no idea')
      },
    })
    one.answerAll()
    expect(await call).toBe('a')
    expect(hosting.warnings()).toEqual(['the onVersion of a call threw'])
    const error = await rejectionOf(aggregate.call('b', { onVersion: 7 as never }))
    expect(error).toEqual(code('CUTOVER_INVALID_OPTION'))
  })

  it('S33: an error of the runtime is passed on as it is', async () => {
    const { aggregate, two } = await pair()
    const call = aggregate.call('a', TWO)
    const error = new Error('its own')
    two.calls[0]?.fail(error)
    expect(await rejectionOf(call)).toBe(error)
  })

  it('S33: a call that is never sent is not told of', async () => {
    const { aggregate } = await pair()
    const heard: string[] = []
    const onVersion = (version: string) => heard.push(version)
    await rejectionOf(aggregate.call('a', { signal: AbortSignal.abort('no'), onVersion }))
    await rejectionOf(aggregate.call('a', { version: '3.0.0', onVersion }))
    expect(heard).toEqual([])
  })
})

describe('a next version that waits', () => {
  it('S7: with promote: false it stays next, and calls go on waiting', async () => {
    const hosting = new Hosting()
    const two = hosting.addWilling('2.0.0')
    hosting.aggregate.start()
    const settled = await hosting.aggregate.setVersion(null, '2.0.0', { promote: false })
    expect(settled).toEqual({ active: null, next: '2.0.0' })
    expect(hosting.aggregate.status()).toMatchObject({ wanted: { active: null, next: '2.0.0' }, phase: 'settled' })
    const call = hosting.aggregate.call('a')
    expect([hosting.aggregate.status().waiting, two.calls.length]).toEqual([1, 0])
    void hosting.aggregate.call('pinned', TWO).catch(() => {})
    expect(requestsOf(two)).toEqual(['pinned'])
    expect(hosting.takeEvents()).toEqual(['configUpdated'])
    expect(await hosting.aggregate.setVersion(null, '2.0.0')).toEqual({ active: '2.0.0', next: null })
    two.answerAll()
    expect(await call).toBe('a')
    expect(hosting.takeEvents()).toEqual(['started 2.0.0'])
  })

  it('S7: without promote: false it becomes active; with an active it makes no difference', async () => {
    const hosting = new Hosting()
    const { aggregate } = hosting
    await aggregate.setVersion(null, '2.0.0', { promote: true })
    expect(aggregate.status().wanted).toEqual({ active: '2.0.0', next: null })
    await aggregate.setVersion('1.0.0', '2.0.0', { promote: false })
    expect(aggregate.status().wanted).toEqual({ active: '1.0.0', next: '2.0.0' })
    await aggregate.setVersion('1.0.0', '1.0.0', { promote: false })
    expect(aggregate.status().wanted).toEqual({ active: '1.0.0', next: null })
    expect(await rejectionOf(aggregate.setVersion(null, null, { promote: 1 as never }))).toEqual(
      code('CUTOVER_INVALID_OPTION'),
    )
    expect(aggregate.status().wanted).toEqual({ active: '1.0.0', next: null })
  })
})
