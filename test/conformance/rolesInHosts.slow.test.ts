import { Aggregate, type Role, type Runtime } from 'cutover'
import { childProcess, inProcess, workerThread } from 'cutover/hosts'
import { describe, expect, it, onTestFinished } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'
import { type Deed, guestFile, RemoteHost } from '../fixtures/remoteHost.js'

const HOSTS = { inProcess, workerThread, childProcess } as const
type Kind = keyof typeof HOSTS
/** These can die without the host. */
const REMOTE = ['workerThread', 'childProcess'] as const
const QUICK = { minBackoff: 20, jitter: 0 } as const
const FAILED = 'the module failed to take its role'

function provision(kind: Kind, version: string): Runtime<Deed, Role[]> {
  return HOSTS[kind]({ module: guestFile('roles'), ...QUICK }).provision({ id: 'roles', version })
}

/** 1.0.0 is active and 2.0.0 next, in real hosts. */
async function pair(kind: Kind) {
  const aggregate = new Aggregate<Deed, Role[]>({ id: 'roles' })
  onTestFinished(() => aggregate.dispose())
  const one = provision(kind, '1.0.0')
  const two = provision(kind, '2.0.0')
  aggregate.addVersion('1.0.0', one)
  aggregate.addVersion('2.0.0', two)
  aggregate.start()
  await aggregate.setVersion('1.0.0', '2.0.0')
  await Promise.all(['1.0.0', '2.0.0'].map(version => aggregate.whenRunning({ version })))
  return { aggregate, one, two }
}

const ROLES: Deed = { do: 'roles' }

describe.each(Object.keys(HOSTS) as Kind[])('Roles, %s', kind => {
  it('S31: the modules hear their roles before the calls in them, through swaps, in order', async () => {
    const { aggregate, one, two } = await pair(kind)
    const answers = [aggregate.call(ROLES)]
    for (let i = 0; i < 3; i++) {
      void aggregate.swap()
      answers.push(aggregate.call(ROLES))
    }
    expect(await Promise.all(answers)).toEqual([
      ['active'],
      ['next', 'active'],
      ['active', 'next', 'active'],
      ['next', 'active', 'next', 'active'],
    ])
    expect(await one.call(ROLES)).toEqual(['active', 'next', 'active', 'next'])
    expect(await two.call(ROLES)).toEqual(['next', 'active', 'next', 'active'])
  })

  it('S31: a version that leaves hears of it while its calls drain, and its successor is active', async () => {
    const { aggregate } = await pair(kind)
    const draining = aggregate.call({ do: 'untilLeaving' })
    const switched = aggregate.setVersion('2.0.0')
    const waiting = aggregate.call(ROLES)
    expect(await draining).toEqual(['active', 'leaving'])
    expect(await waiting).toEqual(['next', 'active'])
    await switched
  })

  it('S31: a role that is set twice is heard once', async () => {
    await using host = hosting(kind)
    host.runtime.setRole?.('next')
    await host.started()
    host.runtime.setRole?.('next')
    expect(await host.do('roles')).toEqual(['next'])
  })

  it('S31: a role that is set while the runtime starts is heard once, in place of an older one', async () => {
    await using host = hosting(kind)
    host.runtime.setRole?.('next')
    const started = host.started()
    host.runtime.setRole?.('sharing')
    host.runtime.setRole?.('active')
    await started
    expect(await host.do('roles')).toEqual(['active'])
  })

  it('S31: after a forced restart the module hears its role again, once', async () => {
    const { aggregate } = await pair(kind)
    const restarted = aggregate.abort({ force: true })
    expect(await aggregate.call(ROLES)).toEqual(['active'])
    await restarted
  })

  it.each(['throws', 'rejects'])('S31: a role of the module that %s is logged, and delays no call', async onRole => {
    await using host = await hosting(kind, { onRole }).started()
    host.runtime.setRole?.('next')
    host.runtime.setRole?.('active')
    expect(await host.do('roles')).toEqual(['next', 'active'])
    const line = await host.logged(FAILED)
    expect(line.level).toBe('error')
    expect(line.object).toMatchObject({ role: 'next' })
    expect(String(line.object['err'])).toContain('no such role')
    expect(host.types).toEqual(['started'])
  })

  it('S31: a role of the module that hangs delays no call and no stop', async () => {
    await using host = await hosting(kind, { onRole: 'hangs' }).started()
    host.runtime.setRole?.('active')
    expect(await host.do('roles')).toEqual(['active'])
    host.runtime.setRole?.('leaving')
    await host.runtime.stop()
    host.runtime.setRole?.('leaving')
    expect(host.types).toEqual(['started', 'stopped'])
  })

  it('S31: a module without role is told nothing, and its features say nothing', async () => {
    const provisioner = HOSTS[kind]({ module: guestFile('echo'), ...QUICK })
    await using host = await new RemoteHost(config => provisioner.provision<Deed, unknown>(config)).started()
    host.runtime.setRole?.('active')
    await host.do('anything').catch(() => {})
    // Guests of this library take traces and streams, whatever their module does.
    const ofRoles = {
      ...(await host.runtime.getInfo()).features,
      cutover_traceparent: undefined,
      cutover_streams: undefined,
    }
    expect(ofRoles).toEqual({})
    expect(host.logs.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
  })
})

describe.each(REMOTE)('Roles after a death, %s', kind => {
  it('S31: the new guest hears the role before its first call, also before one that waited', async () => {
    const { aggregate } = await pair(kind)
    const dying = aggregate.call({ do: 'die' })
    expect(await rejectionOf(dying)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    expect(await aggregate.call(ROLES)).toEqual(['active'])
  })

  it('S31: it hears the role of a swap that it missed, and no older one', async () => {
    const { aggregate, one } = await pair(kind)
    const died = new Promise<void>(resolve => {
      one.watchEvents().subscribe(({ type }) => {
        if (type === 'stopped') resolve()
      })
    })
    aggregate.call({ do: 'die' }).catch(() => {})
    await died
    await aggregate.swap()
    expect(await aggregate.call(ROLES)).toEqual(['next', 'active'])
    expect(await one.call(ROLES)).toEqual(['next'])
  })
})

describe('Roles and guests in other languages', () => {
  const guest = (manner: string, protocol: 'cutover' | 'raw' = 'cutover') => {
    const args = [guestFile('countsKinds').pathname, manner]
    const provisioner = childProcess({ command: process.execPath, args, protocol, ...QUICK })
    return new RemoteHost(config => provisioner.provision<Deed, unknown>(config))
  }

  it('S31: with protocol raw no guest gets a role, whatever its features are', async () => {
    await using host = await guest('accepts', 'raw').started()
    for (const role of ['next', 'active', 'leaving'] as const) host.runtime.setRole?.(role)
    const call = host.runtime.call({ RuntimeCallRequest: {} } as never)
    expect(await call).toEqual({ RuntimeCallResponse: ['RuntimeInfoRequest', 'RuntimeCallRequest'] })
  })

  it('S31: a guest without the feature gets no role', async () => {
    await using host = await guest('unaware').started()
    host.runtime.setRole?.('active')
    expect(await host.do('kinds')).toEqual(['RuntimeInfoRequest', 'RuntimeCallRequest'])
  })

  it('S31: a guest that refuses its roles is warned of, for the last one, and answers calls', async () => {
    await using host = await guest('refuses').started()
    for (const role of ['next', 'sharing', 'active'] as const) host.runtime.setRole?.(role)
    const roles = Array(3).fill('RuntimeRoleRequest')
    expect(await host.do('kinds')).toEqual(['RuntimeInfoRequest', ...roles, 'RuntimeCallRequest'])
    const { object } = await host.logged('a guest refused its role')
    expect(object).toMatchObject({ role: 'active', err: { message: 'no roles here' } })
    expect(host.logs.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  it('S31: a guest that never answers delays nothing, and its end is logged as before', async () => {
    const host = await guest('ignores').started()
    for (let i = 0; i < 1_000; i++) host.runtime.setRole?.(i % 2 === 0 ? 'active' : 'next')
    expect(await host.do('kinds')).toHaveLength(1_002)
    await host.runtime.stop()
    expect(host.logs.filter(({ message }) => message === 'a guest refused its role')).toEqual([])
  })
})

function hosting(kind: Kind, localConfig: Readonly<Record<string, unknown>> = {}): RemoteHost {
  const provisioner = HOSTS[kind]({ module: guestFile('roles'), ...QUICK })
  return new RemoteHost(config => provisioner.provision<Deed, unknown>(config), { localConfig })
}
