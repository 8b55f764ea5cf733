import { Aggregate } from 'cutover'
import { type CallContext, inProcess, type LoaderConfig, type RuntimeContext } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'
import { rejectionOf } from '../../fixtures/hosting.js'

import { echo, Host, type Module } from '../../fixtures/inProcessHost.js'

describe('the in-process host: the remaining contract', () => {
  it('It reports its id and version, and no trusted execution environment', async () => {
    const { runtime } = new Host(echo)
    expect([runtime.id, runtime.getActiveVersion()]).toEqual(['echo', '1.0.0'])
    expect(await runtime.getInfo()).toEqual({ version: '1.0.0' })
    expect(runtime.getCapabilityTEE()).toBeUndefined()
    runtime.updateCapabilityTEE()
    expect(inProcess({ module: echo }).name).toBe('in-process')
  })

  it('A call that throws rejects with the thrown value', async () => {
    const error = new TypeError('bad request')
    const { runtime } = await new Host({
      call: () => {
        throw error
      },
    } satisfies Module).start()
    expect(await rejectionOf(runtime.call('a'))).toBe(error)
  })

  it('callHost is answered by onHostRequest, and refused without one', async () => {
    const asking: Module = {
      start: async context => {
        answer = String(await context.callHost('who am I?').catch(error => error.code))
      },
      call: () => answer,
    }
    let answer = ''
    const answered = await new Host(asking, {}, { onHostRequest: request => `you asked: ${request}` }).start()
    expect(await answered.runtime.call('a')).toBe('you asked: who am I?')
    const refused = await new Host(asking).start()
    expect(await refused.runtime.call('a')).toBe('CUTOVER_UNHANDLED_HOST_REQUEST')
  })

  it('A stop fires the signal of a pending callHost; a module that stops may still call its host', async () => {
    const reasons: unknown[] = []
    const onHostRequest = (request: unknown, { signal }: Pick<CallContext, 'signal'>) =>
      request === 'last' ? 'bye' : new Promise(() => signal.addEventListener('abort', () => reasons.push('fired')))
    let context: RuntimeContext | undefined
    const module: Module = {
      start: given => {
        context = given
      },
      call: async request => String(await context?.callHost(request)),
      stop: async () => {
        reasons.push(await context?.callHost('last'))
      },
    }
    const host = await new Host(module, {}, { onHostRequest }).start()
    const call = rejectionOf(host.runtime.call('first'))
    await host.runtime.stop()
    expect(await call).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    expect(reasons).toEqual(['fired', 'bye'])
  })

  it('A module gets a complete context, and callHost rejects when its signal fires', async () => {
    const seen: unknown[] = []
    const module: Module = {
      start: async context => {
        const { id, version, localConfig } = context
        seen.push({ id, version, localConfig })
        const { signal } = new AbortController()
        await context.callHost('first', { signal })
        seen.push(await context.callHost('second', { signal: AbortSignal.abort('no') }).catch(reason => reason))
      },
      call: request => request,
    }
    const asked: unknown[] = []
    const onHostRequest = (request: unknown, { signal }: Pick<CallContext, 'signal'>) => asked.push(request, signal)
    await new Host(module, {}, { onHostRequest }).start()
    expect(seen.slice(0, 2)).toEqual([{ id: 'echo', version: '1.0.0', localConfig: {} }, 'no'])
    expect(asked).toEqual(['first', expect.any(AbortSignal)])
  })

  it('A subscriber that throws does not keep events from the others', async () => {
    const host = new Host(echo)
    host.runtime.watchEvents().subscribe(() => {
      throw new Error('subscriber')
    })
    await host.start()
    expect(host.events).toEqual(['started'])
  })

  it('In an aggregate, two versions of one provisioner replace each other', async () => {
    const provisioner = inProcess({ module: ({ version }: LoaderConfig) => ({ call: () => version }) })
    const aggregate = new Aggregate<string, string>({ id: 'echo' })
    for (const version of ['1.0.0', '2.0.0']) {
      aggregate.addVersion(version, provisioner.provision<string, string>({ id: 'echo', version }))
    }
    aggregate.start()
    await aggregate.setVersion('1.0.0', '2.0.0')
    expect(await aggregate.call('which?')).toBe('1.0.0')
    await aggregate.setVersion('2.0.0')
    expect(await aggregate.call('which?')).toBe('2.0.0')
    await aggregate.dispose()
  })
})
