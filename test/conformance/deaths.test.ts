import { Aggregate } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { ControllableRuntime } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { Hosting, ID, rejectionOf, stateOf } from '../fixtures/hosting.js'

const DIED = new Error('It ran out of memory.')

describe('a runtime that dies', () => {
  it('S17: with a reason loses its calls in flight, which say so; the others wait for its return', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const lost = ['a', 'b'].map(request => hosting.aggregate.call(request))
    const late = [...runtime.calls]
    runtime.emitStopped(DIED)
    const waiting = hosting.aggregate.call('c')
    for (const call of lost) {
      expect(await rejectionOf(call)).toMatchObject({
        code: 'CUTOVER_RUNTIME_LOST',
        version: '1.0.0',
        cause: DIED,
        message: expect.stringContaining('It ran out of memory.'),
      })
    }
    expect(hosting.aggregate.status()).toMatchObject({ inFlight: 0, waiting: 1 })
    for (const call of late) call.answer('too late')
    runtime.calls.length = 0
    runtime.emitStarted()
    runtime.answerAll()
    expect(await waiting).toBe('c')
    expect(hosting.raw[1]).toEqual({ type: 'stopped', version: '1.0.0', reason: DIED })
  })

  it('S17: without a reason leaves its calls in flight to whom they belong', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const call = hosting.aggregate.call('a')
    runtime.emitStopped()
    expect(await stateOf(call)).toBe('pending')
    runtime.emitStarted()
    expect(runtime.calls).toHaveLength(1)
    runtime.answerAll()
    expect(await call).toBe('a')
  })

  it('S17: while it drains ends the drain', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    hosting.addWilling('2.0.0')
    const call = hosting.aggregate.call('a')
    const switched = hosting.aggregate.setVersion('2.0.0')
    expect(runtime.stops).toBe(0)
    runtime.emitStopped(DIED)
    expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    expect(runtime.stops).toBe(1)
    runtime.emitStopped()
    expect(await switched).toEqual({ active: '2.0.0', next: null })
  })

  it('S17: as next costs no call of the active version', async () => {
    const hosting = new Hosting({ propagate: () => true })
    const runtime = await hosting.serve('1.0.0')
    const next = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const call = hosting.aggregate.call('a')
    next.emitStopped(DIED)
    runtime.answerAll()
    expect(await call).toBe('a')
    void hosting.aggregate.call('b')
    expect([runtime.calls.length, next.calls.length]).toEqual([1, 1])
  })
})

describe('a broken active version', () => {
  it.each(['sequential', 'overlap'] as const)(
    'S17: delays neither its fix nor a call that waits (%s)',
    async handover => {
      const hosting = new Hosting({ handover })
      const broken = hosting.add('1.0.0', { autoStop: true })
      hosting.aggregate.start()
      await hosting.aggregate.setVersion('1.0.0')
      const waiting = hosting.aggregate.call('waited')
      broken.emitFailedToStart()
      const fix = hosting.addWilling('1.0.1')
      fix.call = async request => `fixed: ${request}`
      // No time passes: the drain is over before it begins.
      expect(await hosting.aggregate.setVersion('1.0.1')).toEqual({ active: '1.0.1', next: null })
      expect(await Promise.all([waiting, hosting.aggregate.call('new')])).toEqual(['fixed: waited', 'fixed: new'])
      expect([broken.calls, broken.stops]).toEqual([[], 1])
    },
  )

  it('S17: delays a fix no more when it is a module that never comes up', async () => {
    const aggregate = new Aggregate<string, string>({ id: ID, drainTimeout: 60_000, stopTimeout: 60_000 })
    const never = { start: () => Promise.reject(new Error('no')), call: (request: string) => request }
    aggregate.addVersion('1.0.0', inProcess({ module: never }).provision({ id: ID, version: '1.0.0' }))
    const fix = { call: (request: string) => `fixed: ${request}` }
    aggregate.addVersion('1.0.1', inProcess({ module: fix }).provision({ id: ID, version: '1.0.1' }))
    aggregate.start()
    await aggregate.setVersion('1.0.0')
    const waiting = aggregate.call('a')
    await aggregate.setVersion('1.0.1')
    expect(await waiting).toBe('fixed: a')
    await aggregate.dispose()
  })
})

describe('a restart that was asked for', () => {
  it('S17: says stopped without a reason, and rejects what the module has in flight', async () => {
    const aggregate = new Aggregate<string, string>({ id: ID })
    const module = { call: (request: string) => (request === 'hang' ? new Promise<string>(() => {}) : request) }
    const runtime = inProcess({ module }).provision<string, string>({ id: ID, version: '1.0.0' })
    aggregate.addVersion('1.0.0', runtime)
    const events: unknown[] = []
    aggregate.watchEvents().subscribe(event => events.push(event))
    aggregate.start()
    await aggregate.setVersion('1.0.0')
    await aggregate.whenRunning()
    const hanging = [aggregate.call('hang'), runtime.call('hang')].map(rejectionOf)
    await runtime.abort({ force: true })
    for (const error of await Promise.all(hanging)) {
      expect(error).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST', message: expect.stringContaining('restarted') })
    }
    expect(events).toEqual([
      { type: 'started', version: '1.0.0' },
      { type: 'stopped', version: '1.0.0' },
      { type: 'started', version: '1.0.0' },
    ])
    expect(await aggregate.call('a')).toBe('a')
    await aggregate.dispose()
  })
})

describe('an aggregate inside an aggregate', () => {
  /** The inner one serves 1.0.0 and has 2.0.0 as next. */
  async function nested(handover: 'sequential' | 'overlap') {
    const inner = new Hosting({ handover })
    const outer = new Hosting()
    outer.aggregate.addVersion('5.0.0', inner.aggregate)
    const old = inner.add('1.0.0', { autoStart: true, autoStop: true })
    const next = inner.addWilling('2.0.0')
    await inner.aggregate.setVersion('1.0.0', '2.0.0')
    outer.aggregate.start()
    await outer.aggregate.setVersion('5.0.0')
    await outer.aggregate.whenRunning()
    return { inner, outer, old, next }
  }

  it.each(['sequential', 'overlap'] as const)(
    'S17: loses no call at a switch of the inner one (%s)',
    async handover => {
      const { inner, outer, old, next } = await nested(handover)
      const inFlight = outer.aggregate.call('in flight')
      expect([outer, inner].map(({ aggregate }) => aggregate.status().inFlight)).toEqual([1, 1])
      const switched = inner.aggregate.setVersion('2.0.0')
      const meanwhile = ['a', 'b'].map(request => outer.aggregate.call(request))
      expect([old.calls.length, next.calls.length]).toEqual([1, handover === 'overlap' ? 2 : 0])
      // They wait in one queue, the outer one.
      expect([outer, inner].map(({ aggregate }) => aggregate.status().waiting)).toEqual([
        handover === 'overlap' ? 0 : 2,
        0,
      ])
      old.answerAll()
      await switched
      expect(await inFlight).toBe('in flight')
      expect(next.calls.map(({ request }) => request)).toEqual(['a', 'b'])
      next.answerAll()
      expect(await Promise.all(meanwhile)).toEqual(['a', 'b'])
      const after = outer.aggregate.call('after')
      next.answerAll()
      expect(await after).toBe('after')
    },
  )

  it('S17: a death inside rejects what was in flight there, and nothing else', async () => {
    const { inner, outer, old, next } = await nested('overlap')
    const leaving = outer.aggregate.call('on the version that leaves')
    void inner.aggregate.setVersion('2.0.0')
    const lost = outer.aggregate.call('lost')
    next.emitStopped(DIED)
    expect(await rejectionOf(lost)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST', version: '2.0.0', cause: DIED })
    const waiting = outer.aggregate.call('waits')
    expect(outer.aggregate.status()).toMatchObject({ waiting: 1, inFlight: 1 })
    old.answerAll()
    expect(await leaving).toBe('on the version that leaves')
    next.calls.length = 0
    next.emitStarted()
    next.answerAll()
    expect(await waiting).toBe('waits')
  })

  it('S17: that is disposed of by itself rejects calls as such, until it has said that it is over', async () => {
    const { inner, outer } = await nested('sequential')
    const call = outer.aggregate.call('a')
    const disposed = inner.aggregate.dispose()
    expect(await rejectionOf(outer.aggregate.call('b'))).toMatchObject({ code: 'CUTOVER_DISPOSED' })
    inner.runtimes[0]?.answerAll()
    expect(await call).toBe('a')
    await disposed
    expect(outer.events.at(-1)).toBe('stopped 1.0.0')
  })

  it('S17: behind a wrapper is called as any other runtime', async () => {
    const inner = new Hosting()
    const runtime = await inner.serve('1.0.0')
    const outer = new Hosting()
    const wrapper = new ControllableRuntime<string, string>({ id: ID, version: '5.0.0', autoStart: true })
    wrapper.call = request => inner.aggregate.call(request)
    outer.aggregate.addVersion('5.0.0', wrapper)
    outer.aggregate.start()
    await outer.aggregate.setVersion('5.0.0')
    const call = outer.aggregate.call('a')
    runtime.answerAll()
    expect(await call).toBe('a')
  })
})
