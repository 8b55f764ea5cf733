import type { Runtime } from 'cutover'
import { describe, expect, it, vi } from 'vitest'
import type { InspectionEvent } from 'xstate'
import { Hosting, rejectionOf, stateOf } from '../fixtures/hosting.js'

describe('the active runtime', () => {
  it('S21: with no active version, what asks it gives CUTOVER_NO_ACTIVE_VERSION', async () => {
    const { aggregate } = new Hosting()
    const none = expect.objectContaining({ code: 'CUTOVER_NO_ACTIVE_VERSION' })
    expect(() => aggregate.getActiveVersion()).toThrow(none)
    expect(() => aggregate.getCapabilityTEE()).toThrow(none)
    expect(await rejectionOf(aggregate.abort())).toEqual(none)
    expect(await rejectionOf(aggregate.getInfo())).toEqual(none)
    expect(aggregate.component('ronl')).toBeUndefined()
    aggregate.updateCapabilityTEE()
  })

  it('S21: with an active version, it is asked', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    runtime.capability = { hardware: 'intel-sgx' }
    expect(hosting.aggregate.getActiveVersion()).toBe('1.0.0')
    expect(hosting.aggregate.getCapabilityTEE()).toBe(runtime.capability)
    expect(await hosting.aggregate.getInfo()).toEqual({ version: '1.0.0' })
    const getInfo = vi.spyOn(runtime, 'getInfo')
    const { signal } = new AbortController()
    await hosting.aggregate.getInfo({ signal })
    expect(getInfo).toHaveBeenCalledWith({ signal })
    await hosting.aggregate.abort({ force: true })
    expect(runtime.aborts).toEqual([{ force: true }])
    runtime.abort = () => new Promise(() => {})
    expect(await stateOf(hosting.aggregate.abort())).toBe('pending')
  })

  it('S21: what a runtime can prove of itself stands in the context of its version, as plain data', async () => {
    const contexts: unknown[] = []
    const inspect = (event: InspectionEvent) => {
      if (event.type === '@xstate.snapshot' && 'context' in event.snapshot) contexts.push(event.snapshot.context)
    }
    const hosting = new Hosting({ inspect })
    const runtime = await hosting.serve('1.0.0')
    runtime.emitUpdated({ hardware: 'intel-sgx', rak: Uint8Array.of(1, 255), attestation: Uint8Array.of(7) })
    const capability = { hardware: 'intel-sgx', rak: '01ff', attestation: '07' }
    expect(contexts).toContainEqual(expect.objectContaining({ version: '1.0.0', capability }))
  })

  it('S21: updateCapabilityTEE reaches active and next, even if the first throws', async () => {
    const hosting = new Hosting()
    const active = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0')
    const spare = hosting.add('3.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    active.updateCapabilityTEE = () => {
      throw new Error('no')
    }
    hosting.aggregate.updateCapabilityTEE()
    expect([next.capabilityUpdates, spare.capabilityUpdates]).toEqual([1, 0])
    expect(hosting.errors()).toHaveLength(1)
  })

  it('S21: a composite active is asked for the component, another one is its own main component', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    expect(hosting.aggregate.component('ronl')).toBe(runtime)
    expect(hosting.aggregate.component('rofl.x')).toBeUndefined()
    const part = {} as Runtime
    Object.assign(runtime, { component: (id: string) => (id === 'rofl.x' ? part : undefined) })
    expect(hosting.aggregate.component('rofl.x')).toBe(part)
    expect(hosting.aggregate.component('ronl')).toBeUndefined()
  })

  it('S21: whenRunning waits for the runtime of the active version, through a switch, until its signal fires', async () => {
    const hosting = new Hosting()
    const old = await hosting.serve('1.0.0', { autoStart: false })
    const waiting = hosting.aggregate.whenRunning()
    const controller = new AbortController()
    const impatient = hosting.aggregate.whenRunning({ signal: controller.signal })
    controller.abort('enough')
    expect(await rejectionOf(impatient)).toBe('enough')
    const next = hosting.add('2.0.0')
    const switched = hosting.aggregate.setVersion('2.0.0')
    old.emitStopped()
    await switched
    expect(await stateOf(waiting)).toBe('pending')
    next.emitStarted()
    expect(await waiting).toBe('2.0.0')
    expect(await hosting.aggregate.whenRunning()).toBe('2.0.0')
  })
})

describe('whenRunning', () => {
  it('S21: whenRunning waits for the active runtime whatever is wanted as next', async () => {
    const hosting = new Hosting()
    const active = await hosting.serve('1.0.0', { autoStart: false })
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const waiting = hosting.aggregate.whenRunning()
    expect(await stateOf(waiting)).toBe('pending')
    active.emitStarted()
    expect(await waiting).toBe('1.0.0')
  })

  it('S21: whenRunning waits while an overlap is being stopped in the middle', async () => {
    const hosting = new Hosting({ handover: 'overlap' })
    await hosting.serve('1.0.0')
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    void hosting.aggregate.setVersion('2.0.0')
    expect(await hosting.aggregate.whenRunning()).toBe('2.0.0')
    void hosting.aggregate.stop()
    expect(await stateOf(hosting.aggregate.whenRunning())).toBe('pending')
  })

  it('S21: whenRunning rejects when the aggregate is disposed of meanwhile', async () => {
    const hosting = new Hosting()
    const waiting = hosting.aggregate.whenRunning()
    void hosting.aggregate.dispose()
    expect(await rejectionOf(waiting)).toMatchObject({ code: 'CUTOVER_DISPOSED' })
  })

  it('S21: whenRunning gives the version that ran, though another one, or none, is active a moment later', async () => {
    for (const successor of ['2.0.0', null]) {
      const hosting = new Hosting()
      const runtime = await hosting.serve('1.0.0', { autoStart: false, autoStop: true })
      hosting.add('2.0.0')
      const waiting = hosting.aggregate.whenRunning()
      runtime.emitStarted()
      void hosting.aggregate.setVersion(successor)
      expect(await waiting).toBe('1.0.0')
    }
  })
})

describe('whenRunning of one version', () => {
  it('S21: whenRunning waits for a next version, so that one can promote it when it is up', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0')
    const early = hosting.aggregate.whenRunning({ version: '2.0.0' })
    expect(await rejectionOf(early)).toMatchObject({ code: 'CUTOVER_NO_SUCH_VERSION' })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const up = hosting.aggregate.whenRunning({ version: '2.0.0+build' })
    expect(await stateOf(up)).toBe('pending')
    next.emitStarted()
    expect(await up).toBe('2.0.0')
    expect(await hosting.aggregate.whenRunning({ version: '1.0.0' })).toBe('1.0.0')
  })

  it('S21: whenRunning gives up on a version that is not wanted any more, or is none', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    hosting.add('2.0.0', { autoStop: true })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const waiting = hosting.aggregate.whenRunning({ version: '2.0.0' })
    void hosting.aggregate.setVersion('1.0.0')
    expect(await rejectionOf(waiting)).toMatchObject({ code: 'CUTOVER_NO_SUCH_VERSION', version: '2.0.0' })
    const invalid = hosting.aggregate.whenRunning({ version: '2' })
    expect(await rejectionOf(invalid)).toMatchObject({ code: 'CUTOVER_INVALID_VERSION' })
  })
})
