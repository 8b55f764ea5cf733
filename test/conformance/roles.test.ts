import type { Role, Runtime } from 'cutover'
import { Aggregate } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { Hosting, ID } from '../fixtures/hosting.js'
import { pair } from './sharing.js'

const HANDOVERS = ['sequential', 'overlap'] as const

/** Replaces `setRole`, and records the roles all the same. */
function onRole(runtime: ControllableRuntime<string, string>, act: (role: Role) => unknown): void {
  Object.assign(runtime, {
    setRole: (role: Role) => {
      runtime.roles.push(role)
      return act(role)
    },
  })
}

describe('roles', () => {
  it.each(HANDOVERS)('S31: a version is told that it is next, active, and leaving (%s)', async handover => {
    const { aggregate, one, two } = await pair({ handover })
    expect([one.roles, two.roles]).toEqual([['active'], ['next']])
    await aggregate.setVersion('2.0.0')
    expect([one.roles, two.roles]).toEqual([
      ['active', 'leaving'],
      ['next', 'active'],
    ])
    await aggregate.stop()
    expect(two.roles).toEqual(['next', 'active', 'leaving'])
  })

  it('S31: a version that is added but not in place is told nothing', async () => {
    const { hosting, aggregate } = await pair()
    const three = hosting.addWilling('3.0.0')
    aggregate.removeVersion('3.0.0')
    expect(three.roles).toEqual([])
    await aggregate.dispose()
  })

  it('S31: it is told before the first call, also before one that waited and one made on started', async () => {
    const hosting = new Hosting()
    const { aggregate } = hosting
    const one = hosting.add('1.0.0')
    const rolesAtCall: Role[][] = []
    const { call } = one
    one.call = (request, options) => {
      rolesAtCall.push([...one.roles])
      return call.call(one, request, options)
    }
    aggregate.watchEvents().subscribe(({ type }) => {
      if (type === 'started') void aggregate.call('on started')
    })
    void aggregate.setVersion('1.0.0')
    void aggregate.call('waits')
    aggregate.start()
    expect(one.roles).toEqual([])
    one.emitStarted()
    expect(one.calls.map(({ request }) => request)).toEqual(['waits', 'on started'])
    expect(rolesAtCall).toEqual([['active'], ['active']])
    one.answerAll()
  })

  it('S31: after a restart it is told its role again, and the role that it got meanwhile', async () => {
    const { aggregate, one, two } = await pair()
    one.emitStopped(new Error('crashed'))
    expect(one.roles).toEqual(['active'])
    one.emitStarted()
    expect(one.roles).toEqual(['active', 'active'])
    two.emitStopped()
    two.emitStarted()
    expect(two.roles).toEqual(['next', 'next'])
    one.emitStopped(new Error('crashed again'))
    await aggregate.swap()
    expect([one.roles, two.roles]).toEqual([
      ['active', 'active', 'next'],
      ['next', 'next', 'active'],
    ])
    one.emitStarted()
    expect(one.roles).toEqual(['active', 'active', 'next', 'next'])
  })

  it('S31: a version that is started, and promoted before it runs, is active when it comes up', async () => {
    const hosting = new Hosting()
    const { aggregate } = hosting
    await hosting.serve('1.0.0', { autoStop: true })
    const two = hosting.add('2.0.0')
    await aggregate.setVersion('1.0.0', '2.0.0')
    await aggregate.setVersion('2.0.0')
    expect(two.roles).toEqual(['active'])
    two.emitStarted()
    expect(two.roles).toEqual(['active', 'active'])
  })

  it('S31: in a swap both are told in one step, the one that makes way first, before any event and any call', async () => {
    const { hosting, aggregate, one, two } = await pair()
    hosting.takeEvents()
    const told: string[] = []
    for (const [name, runtime] of Object.entries({ one, two })) {
      onRole(runtime, role => told.push(`${name} ${role} ${aggregate.getActiveVersion()} ${hosting.events.length}`))
    }
    await aggregate.swap()
    expect(told).toEqual(['one next 2.0.0 0', 'two active 2.0.0 0'])
    const inside: Role[][] = []
    aggregate.watchEvents().subscribe(({ type }) => {
      if (type !== 'stopped' || inside.length > 0) return
      void aggregate.swap()
      void aggregate.call('in the middle')
      inside.push([...one.roles], [...two.roles])
    })
    told.length = 0
    hosting.events.length = 0
    one.calls.length = 0
    aggregate.swap()
    expect(told.slice(0, 2)).toEqual(['two next 1.0.0 0', 'one active 1.0.0 0'])
    expect(inside.slice(0, 2).map(roles => roles.at(-1))).toEqual(['next', 'active'])
    expect(two.calls.map(({ request }) => request)).toContain('in the middle')
  })

  it('S31: a call from within setRole reaches no version that has not been told its role', async () => {
    const { aggregate, one, two } = await pair()
    onRole(one, role => aggregate.call(`as ${role}`))
    onRole(two, role => aggregate.call(`as ${role}`))
    await aggregate.swap()
    expect(one.calls.map(({ request }) => request)).toEqual(['as next', 'as active'])
    void aggregate.call('later')
    expect(two.calls.map(({ request }) => request)).toEqual(['later'])
  })

  it('S31: a swap from within setRole leaves both with their last role', async () => {
    const { aggregate, one, two } = await pair()
    onRole(one, () => {
      if (one.roles.length === 2) void aggregate.swap()
    })
    void aggregate.swap()
    expect(aggregate.getActiveVersion()).toBe('1.0.0')
    expect([one.roles.at(-1), two.roles.at(-1)]).toEqual(['active', 'next'])
    void aggregate.call('where?')
    expect(one.calls.map(({ request }) => request)).toEqual(['where?'])
  })

  it.each(['stop', 'dispose'] as const)('S31: %s() from within setRole takes everything down', async end => {
    const { aggregate, one, two } = await pair()
    const ended: Promise<void>[] = []
    onRole(two, role => {
      if (role === 'active') ended.push(aggregate[end]())
    })
    void aggregate.swap()
    await Promise.all(ended)
    expect(ended).toHaveLength(1)
    expect([one.roles.at(-1), two.roles.at(-1)]).toEqual(['leaving', 'leaving'])
    expect([one.stops, two.stops]).toEqual([1, 1])
  })

  it('S31: a setRole that throws or rejects is logged, and breaks nothing', async () => {
    const { hosting, aggregate, one, two } = await pair()
    onRole(one, () => {
      throw new Error('cannot')
    })
    onRole(two, () => Promise.reject(new Error('will not')))
    expect(await aggregate.swap()).toEqual({ active: '2.0.0', next: '1.0.0' })
    expect(hosting.errors()).toEqual(Array(2).fill('a host failed to take its role'))
    expect(hosting.logs.filter(({ level }) => level === 'error').map(({ object }) => object)).toMatchObject([
      { version: '1.0.0', role: 'next', err: { message: 'cannot' } },
      { version: '2.0.0', role: 'active', err: { message: 'will not' } },
    ])
  })

  it('S31: a setRole that never resolves delays nobody; a runtime without one is told nothing', async () => {
    const { hosting, aggregate, one, two } = await pair()
    onRole(one, () => new Promise(() => {}))
    Object.assign(two, { setRole: undefined })
    await aggregate.swap()
    void aggregate.call('goes through')
    expect(two.calls).toHaveLength(1)
    expect(hosting.errors()).toEqual([])
  })

  it('S31: an aggregate in an aggregate keeps the roles of its own versions', async () => {
    const inner = new Aggregate<string, string>({ id: ID })
    const one = new ControllableRuntime<string, string>({ id: ID, version: '1.0.0', autoStart: true, autoStop: true })
    inner.addVersion('1.0.0', one)
    await inner.setVersion('1.0.0')
    const outer = new Aggregate<string, string>({ id: ID })
    outer.addVersion('1.0.0', inner)
    outer.start()
    await outer.setVersion(null, '1.0.0')
    expect((inner as Runtime<string, string>).setRole).toBeUndefined()
    expect(one.roles).toEqual(['active'])
    await outer.dispose()
    expect(one.roles).toEqual(['active', 'leaving'])
  })
})
