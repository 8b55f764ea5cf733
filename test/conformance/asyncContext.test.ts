import { AsyncLocalStorage } from 'node:async_hooks'
import { inProcess, workerThread } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'
import { Hosting } from '../fixtures/hosting.js'
import { Host } from '../fixtures/inProcessHost.js'
import { guestFile } from '../fixtures/remoteHost.js'

const tenant = new AsyncLocalStorage<string>()

/** Notes as whom each request was seen. */
function seen() {
  const seen: string[] = []
  const see = (request: string) => {
    seen.push(`${request} as ${tenant.getStore()}`)
    return request
  }
  return { seen, see }
}

describe('the async context of a call', () => {
  it('S15: a call that waited for a switch is sent in the context of its caller, to active and next alike', async () => {
    const { seen: asWhom, see } = seen()
    const propagate = (request: string) => see(`whether ${request}`) !== ''
    const hosting = new Hosting({ propagate })
    await hosting.serve('1.0.0', { autoStop: true })
    for (const version of ['2.0.0', '3.0.0']) {
      hosting.addWilling(version).call = async request => see(`${version} ${request}`)
    }
    const busy = hosting.aggregate.call('busy')
    const switched = tenant.run('admin', () => hosting.aggregate.setVersion('2.0.0', '3.0.0'))
    const calls = ['bob', 'eve'].map(name => tenant.run(name, () => hosting.aggregate.call(name)))
    expect(hosting.aggregate.status().waiting).toBe(2)
    const [old] = hosting.runtimes
    tenant.run('whoever answers', () => old?.answerAll())
    await Promise.all([busy, switched, ...calls])
    expect(asWhom).toEqual(expect.arrayContaining(['2.0.0 bob as bob', '2.0.0 eve as eve', 'whether eve as eve']))
    expect(asWhom.filter(line => /admin|whoever/.test(line))).toEqual([])
  })

  it('S15: a call that waited for its aggregate to start does not run as whoever starts it', async () => {
    const { seen: asWhom, see } = seen()
    const hosting = new Hosting()
    hosting.addWilling('1.0.0').call = async request => see(request)
    const call = tenant.run('bob', () => hosting.aggregate.call('a'))
    tenant.run('admin', () => hosting.aggregate.start())
    await tenant.run('admin', () => hosting.aggregate.setVersion('1.0.0'))
    await call
    expect(asWhom).toEqual(['a as bob'])
  })

  it('A call that waited for its module to start does not run as whoever starts it', async () => {
    const { seen: asWhom, see } = seen()
    const host = new Host({ call: see })
    const call = tenant.run('bob', () => host.runtime.call('a'))
    await tenant.run('admin', () => host.start())
    await call
    expect(asWhom).toEqual(['a as bob'])
  })

  it('A call that waited for room on its way to a thread is encoded in the context of its caller', async () => {
    const { seen: asWhom, see } = seen()
    const runtime = workerThread({ module: guestFile('echo'), maxInFlight: 1 }).provision<object, object>({
      id: 'x',
      version: '1.0.0',
    })
    const request = (name: string) => ({
      get name() {
        return see(name)
      },
    })
    tenant.run('admin', () => runtime.start())
    await runtime.call({})
    const calls = ['bob', 'eve', 'mallory'].map(name => tenant.run(name, () => runtime.call(request(name))))
    expect(await Promise.all(calls)).toEqual([{ name: 'bob' }, { name: 'eve' }, { name: 'mallory' }])
    expect(new Set(asWhom)).toEqual(new Set(['bob as bob', 'eve as eve', 'mallory as mallory']))
    await runtime.stop()
  })

  it('A call that is sent at once runs in the context of its caller as it is', async () => {
    const { seen: asWhom, see } = seen()
    const runtime = inProcess({ module: { call: see } }).provision<string, string>({ id: 'x', version: '1.0.0' })
    runtime.start()
    await runtime.call('first')
    await tenant.run('bob', () => runtime.call('a'))
    expect(asWhom).toEqual(['first as undefined', 'a as bob'])
    await runtime.stop()
  })
})
