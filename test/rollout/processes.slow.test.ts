import { join } from 'node:path'
import { Aggregate } from 'cutover'
import { childProcess } from 'cutover/hosts'
import { fileStore, Rollout, type RolloutOptions } from 'cutover/rollout'
import { describe, expect, it, onTestFinished } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'
import { directory } from '../fixtures/system.js'

const MODULE = new URL('../fixtures/modules/perVersion.mjs', import.meta.url)

/** A rollout of processes on the system's clock: 1.0.0 is permanent, and calls of 2.0.0 fail if `fails`. */
async function processes(fails: boolean, options: Partial<RolloutOptions<string, string>> = {}) {
  const hosts = childProcess({ module: MODULE })
  const aggregate = new Aggregate<string, string>({ id: 'p' })
  const rollout = new Rollout<string, string>(aggregate, {
    provision: version => hosts.provision({ id: 'p', version, localConfig: { fails: fails && version === '2.0.0' } }),
    soak: 600_000,
    ...options,
  })
  onTestFinished(() => aggregate.dispose())
  onTestFinished(() => rollout[Symbol.asyncDispose]())
  await rollout.start()
  await rollout.to('1.0.0')
  /** Resolves when the rollout comes into a state. */
  const comesInto = (state: string) =>
    new Promise<void>(resolve => {
      const subscription = rollout.watch().subscribe(event => {
        if (event.type !== 'changed' || event.status.state !== state) return
        subscription.unsubscribe()
        resolve()
      })
    })
  return { aggregate, rollout, comesInto }
}

describe('A candidate in a process of its own', () => {
  it('that fails in a step leaves after a few calls, and the active version answers all others', async () => {
    const { aggregate, rollout, comesInto } = await processes(true, { steps: [{ percent: 20 }] })
    const stepping = comesInto('stepping')
    const rejection = rejectionOf(rollout.to('2.0.0'))
    await stepping
    let failures = 0
    for (let n = 0; n < 300; n++) await aggregate.call('a').catch(() => failures++)
    expect(await rejection).toMatchObject({ code: 'CUTOVER_REJECTED', report: { steps: [{ verdict: 'unhealthy' }] } })
    expect(failures).toBeLessThan(30)
    expect(aggregate.status()).toMatchObject({ active: '1.0.0', next: null })
  })

  it('that exits in the soak makes way at once: the next call gets an answer of the old version', async () => {
    const { aggregate, rollout, comesInto } = await processes(false)
    const soaking = comesInto('soaking')
    const rejection = rejectionOf(rollout.to('2.0.0'))
    await soaking
    expect(await aggregate.call('a')).toBe('2.0.0')
    expect(await rejectionOf(aggregate.call('exit'))).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    expect(await aggregate.call('a')).toBe('1.0.0')
    expect(await rejection).toMatchObject({ code: 'CUTOVER_ROLLED_BACK', cause: expect.any(Error) })
  })

  it('that proved itself comes up again in the next rollout of the same file, which only one may have', async () => {
    const path = join(directory(), 'rollout.json')
    const first = await processes(false, { store: fileStore(path), soak: 0 })
    await first.rollout.to('2.0.0')
    const second = new Rollout<string, string>(new Aggregate({ id: 'p' }), {
      provision: () => {
        throw new Error('nothing may start')
      },
      store: fileStore(path),
    })
    expect(await rejectionOf(second.start())).toMatchObject({ code: 'CUTOVER_STORE_LOCKED' })
    await second[Symbol.asyncDispose]()
    await first.rollout[Symbol.asyncDispose]()
    const aggregate = new Aggregate<string, string>({ id: 'p' })
    onTestFinished(() => aggregate.dispose())
    const third = new Rollout<string, string>(aggregate, {
      provision: version => childProcess({ module: MODULE }).provision({ id: 'p', version }),
      store: fileStore(path),
    })
    onTestFinished(() => third[Symbol.asyncDispose]())
    expect(await third.start()).toBe('2.0.0')
    expect(third.status()).toMatchObject({ permanent: '2.0.0', previous: '1.0.0' })
  })
})
