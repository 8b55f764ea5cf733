import { Aggregate, type Runtime, type RuntimeEvent } from 'cutover'
import { pool } from 'cutover/hosts'
import { ControllableRuntime } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { microtasks, rejectionOf, stateOf } from '../../fixtures/hosting.js'
import { Pooled } from './pooled.js'

const died = new Error('killed')

describe('the start of a pool', () => {
  it('Instances get the config with their numbers, and start a few at a time', () => {
    const pooled = new Pooled({ size: 4, concurrentStarts: 2 })
    expect(pooled.configs.map(({ instance }) => instance)).toEqual([0, 1, 2, 3])
    const starts = () => pooled.instances.map(({ starts }) => starts)
    pooled.runtime.start()
    expect(starts()).toEqual([1, 1, 0, 0])
    pooled.at(1).emitStarted()
    expect(starts()).toEqual([1, 1, 1, 0])
    // One that fails lets the next one go first.
    pooled.at(0).emitFailedToStart()
    expect(starts()).toEqual([1, 1, 1, 1])
  })

  it('It has started when all are up, with ready when so many are; the others follow', () => {
    const all = new Pooled({ size: 3, concurrentStarts: 3 })
    all.runtime.start()
    all.at(2).emitStarted()
    all.at(0).emitStarted()
    expect(all.take()).toEqual([])
    all.at(1).emitStarted()
    expect(all.take()).toEqual(['started'])

    const two = new Pooled({ size: 3, ready: 2, concurrentStarts: 1 })
    two.runtime.start()
    two.at(0).emitStarted()
    two.at(1).emitStarted()
    expect(two.take()).toEqual(['started'])
    two.at(2).emitStarted()
    expect(two.take()).toEqual([])
    expect(two.logs.map(({ level, object, message }) => [level, message, object['pool']])).toEqual([
      ['warn', 'a pool lacks instances', { state: 'degraded', up: 2, size: 3 }],
      ['info', 'a pool has all its instances', { state: 'full', up: 3, size: 3 }],
    ])
  })

  it('It emits failedToStart once for each round of attempts that cannot bring up enough', () => {
    const pooled = new Pooled({ size: 3, ready: 2, concurrentStarts: 3 })
    pooled.runtime.start()
    pooled.at(0).emitFailedToStart()
    expect(pooled.take()).toEqual([])
    pooled.at(1).emitFailedToStart(new Error('no memory'))
    expect(pooled.raw).toEqual([{ type: 'failedToStart', version: '1.0.0', error: new Error('no memory') }])
    expect(pooled.take()).toEqual(['failed'])
    pooled.at(2).emitFailedToStart()
    expect(pooled.take()).toEqual([])
    for (const number of [2, 0, 1]) pooled.at(number).emitFailedToStart()
    expect(pooled.take()).toEqual(['failed'])
    pooled.at(0).emitStarted()
    pooled.at(2).emitStarted()
    expect(pooled.take()).toEqual(['started'])
  })

  it('An instance that has given up is not waited for; when all have, the pool has', async () => {
    const pooled = new Pooled({ size: 2, concurrentStarts: 2 })
    pooled.runtime.start()
    pooled.at(0).emitGaveUp()
    pooled.at(1).emitStarted()
    expect(pooled.take()).toEqual(['started'])
    pooled.at(1).emitStopped(died)
    expect(pooled.take()).toEqual(['died'])
    const [waiting] = pooled.call('a')
    pooled.at(1).emitGaveUp()
    expect(pooled.take()).toEqual(['gave up'])
    for (const call of [waiting, ...pooled.call('b')]) {
      expect(await rejectionOf(call as Promise<string>)).toMatchObject({
        code: 'CUTOVER_START_FAILED',
        version: '1.0.0',
      })
    }
    await pooled.runtime.abort({ force: true })
    const [later] = pooled.call('c')
    pooled.at(1).emitStarted()
    expect(pooled.take()).toEqual(['started'])
    pooled.at(1).answerAll()
    expect(await later).toBe('c')
  })

  it('A runtime whose start throws counts as one that has given up', () => {
    const pooled = new Pooled({ size: 1 })
    pooled.at(0).start = () => {
      throw new Error('no such file')
    }
    pooled.runtime.start()
    expect(pooled.raw).toMatchObject([{ type: 'failedToStart', final: true, error: { message: 'no such file' } }])
  })

  it('A call made before the start waits; after waitTimeout it rejects', async () => {
    const pooled = new Pooled({ size: 1, waitTimeout: 100, maxWaitingCalls: 1 })
    const [waiting, tooMany] = pooled.call('a', 'b')
    expect(await rejectionOf(tooMany as Promise<string>)).toMatchObject({ code: 'CUTOVER_TOO_MANY_WAITING_CALLS' })
    pooled.clock.increment(100)
    expect(await rejectionOf(waiting as Promise<string>)).toMatchObject({ code: 'CUTOVER_START_FAILED' })
  })
})

describe('the death of instances', () => {
  it('A dead instance rejects its own calls and no others, and gets none until it is back', async () => {
    const pooled = new Pooled({ size: 2 }).up()
    const [lost, kept] = pooled.call('a', 'b')
    pooled.at(0).emitStopped(died)
    expect(await rejectionOf(lost as Promise<string>)).toMatchObject({
      code: 'CUTOVER_RUNTIME_LOST',
      version: '1.0.0',
      cause: died,
    })
    const [other] = pooled.call('c')
    expect(pooled.requests).toEqual([['a'], ['b', 'c']])
    pooled.at(1).answerAll()
    expect(await Promise.all([kept, other])).toEqual(['b', 'c'])
    expect(pooled.take()).toEqual([])
    pooled.at(0).calls.splice(0)
    pooled.at(0).emitStarted()
    void pooled.call('d', 'e')
    expect(pooled.loads).toEqual([1, 1])
  })

  it('When the last one has died, the pool has; one is enough to come back', async () => {
    const pooled = new Pooled({ size: 2 }).up()
    pooled.at(0).emitStopped(died)
    expect(pooled.take()).toEqual([])
    pooled.at(1).emitStopped(died)
    expect(pooled.raw).toEqual([{ type: 'stopped', version: '1.0.0', reason: died }])
    pooled.take()
    const [waiting] = pooled.call('a')
    expect(await stateOf(waiting as Promise<string>)).toBe('pending')
    pooled.at(1).emitStarted()
    expect(pooled.take()).toEqual(['started'])
    expect(pooled.requests).toEqual([[], ['a']])
  })

  it('A stream of events that ends, or cannot be had, counts as an instance that has given up, also in a stop', async () => {
    const pooled = new Pooled({ size: 2 }).up()
    pooled.at(0).endEvents()
    pooled.at(1).endEvents(new Error('broken pipe'))
    expect(pooled.take()).toEqual(['died', 'gave up'])
    await pooled.runtime.stop()
    expect(pooled.take()).toEqual(['stopped'])

    const deaf = new Pooled({ size: 1 })
    deaf.at(0).watchEvents = () => {
      throw new Error('deaf')
    }
    deaf.runtime.start()
    expect(deaf.take()).toEqual(['gave up'])
  })
})

describe('what reaches all instances', () => {
  it('Roles, updates of the capability, and aborts', async () => {
    const pooled = new Pooled({ size: 2, ready: 1 })
    pooled.runtime.start()
    pooled.runtime.setRole?.('next')
    pooled.at(0).emitStarted()
    pooled.runtime.setRole?.('active')
    pooled.at(1).emitStarted()
    expect(pooled.instances.map(({ roles }) => roles)).toEqual([
      ['next', 'next', 'active'],
      ['next', 'active', 'active'],
    ])
    pooled.runtime.updateCapabilityTEE()
    expect(pooled.instances.map(({ capabilityUpdates }) => capabilityUpdates)).toEqual([1, 1])
    await pooled.runtime.abort()
    expect(pooled.instances.map(({ aborts }) => aborts)).toEqual([[{}], [{}]])
  })

  it('An abort rejects with the error of an instance, with the errors of several, and with the reason of its signal', async () => {
    const pooled = new Pooled({ size: 2 }).up()
    const fail = (number: number, error: Error) => {
      pooled.at(number).abort = () => Promise.reject(error)
    }
    fail(0, died)
    expect(await rejectionOf(pooled.runtime.abort())).toBe(died)
    fail(1, new Error('other'))
    expect(await rejectionOf(pooled.runtime.abort())).toMatchObject({ errors: [died, new Error('other')] })
    fail(1, died)
    expect(await rejectionOf(pooled.runtime.abort())).toBe(died)
    expect(await rejectionOf(pooled.runtime.abort({ signal: AbortSignal.abort('no') }))).toBe('no')
    expect(await rejectionOf(pooled.runtime.abort(7 as never))).toMatchObject({ code: 'CUTOVER_INVALID_OPTION' })
  })

  it('A forced abort stops the pool until one instance is back, even if one is back before another is down', async () => {
    const pooled = new Pooled({ size: 2 }).up()
    const restarted = pooled.runtime.abort({ force: true })
    const [waiting] = pooled.call('a')
    pooled.at(0).emitStopped()
    pooled.at(0).emitStarted()
    expect(pooled.take()).toEqual([])
    expect(await stateOf(waiting as Promise<string>)).toBe('pending')
    pooled.at(1).emitStopped()
    expect(pooled.take()).toEqual(['stopped', 'started'])
    await restarted
    pooled.at(0).answerAll()
    expect(await waiting).toBe('a')
  })

  it('A stop stops all, rejects what waits and what is in flight, and comes back with the last one', async () => {
    const pooled = new Pooled({ size: 2, concurrency: 1 }).up()
    const calls = pooled.call('a', 'b', 'c')
    for (const instance of pooled.instances) instance.stop = () => void instance.stops++
    const stopped = Promise.resolve(pooled.runtime.stop())
    expect(pooled.instances.map(({ stops }) => stops)).toEqual([1, 1])
    pooled.at(0).emitStopped()
    expect(await stateOf(stopped)).toBe('pending')
    pooled.at(1).emitStopped()
    await stopped
    expect(pooled.take()).toEqual(['stopped'])
    for (const call of [...calls, ...pooled.call('d')]) {
      expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST', version: '1.0.0' })
    }
    expect(pooled.instances.map(({ subscribers }) => subscribers)).toEqual([0, 0])
    await pooled.runtime.stop()
    expect(pooled.take()).toEqual([])
  })

  it('A method of an instance that throws is logged, and the others are still reached', async () => {
    const pooled = new Pooled({ size: 2 }).up()
    const broken = () => {
      throw new Error('broken')
    }
    Object.assign(pooled.at(0), { setRole: broken, updateCapabilityTEE: broken, stop: broken })
    pooled.runtime.setRole?.('active')
    pooled.runtime.updateCapabilityTEE()
    void pooled.runtime.stop()
    await microtasks()
    const { roles, capabilityUpdates, stops } = pooled.at(1)
    expect({ roles, capabilityUpdates, stops }).toEqual({ roles: ['active'], capabilityUpdates: 1, stops: 1 })
    expect(pooled.logs.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      'an instance failed to take its role',
      'an instance failed to update its capability',
      'an instance failed to stop',
    ])
  })
})

describe('who speaks for a pool', () => {
  it('Its info and its capability are those of the first instance that is up; updates of others are not told', async () => {
    const pooled = new Pooled({ size: 2, ready: 1, concurrentStarts: 2 })
    const capability = { hardware: 'sgx' }
    pooled.at(1).capability = capability
    pooled.runtime.start()
    pooled.at(1).emitStarted(capability)
    pooled.at(1).emitUpdated(capability)
    pooled.at(0).emitUpdated()
    expect(pooled.raw).toEqual([
      { type: 'started', version: '1.0.0', capabilityTEE: capability },
      { type: 'updated', version: '1.0.0', capabilityTEE: capability },
    ])
    expect(pooled.runtime.getCapabilityTEE()).toBe(capability)
    pooled.at(0).emitStarted()
    expect(pooled.runtime.getCapabilityTEE()).toBe(undefined)
    expect(await pooled.runtime.getInfo()).toEqual({ version: '1.0.0' })
    expect(pooled.runtime.getActiveVersion()).toBe('1.0.0')
  })

  it('metrics() of an aggregate has the state of the pool, and how many instances are up', async () => {
    const pooled = new Pooled({ size: 2, concurrentStarts: 2 })
    await using aggregate = new Aggregate({ id: 'rules', stopTimeout: 0 })
    aggregate.addVersion('1.0.0', pooled.runtime as Runtime)
    const status = () => aggregate.metrics().versions[0]?.pool
    const seen = [status()]
    aggregate.start()
    await aggregate.setVersion('1.0.0')
    seen.push(status())
    pooled.at(0).emitStarted()
    pooled.at(1).emitStarted()
    seen.push(status())
    pooled.at(1).emitStopped(died)
    seen.push(status())
    expect(seen).toEqual([
      { state: 'provisioned', up: 0, size: 2 },
      { state: 'starting', up: 0, size: 2 },
      { state: 'full', up: 2, size: 2 },
      { state: 'degraded', up: 1, size: 2 },
    ])
  })
})

describe('an instance whose runtime is broken', () => {
  const fails = () => {
    throw new Error('broken')
  }

  it('A malformed event is logged, and breaks nothing', () => {
    const pooled = new Pooled({ size: 1 }).up()
    pooled.at(0).emit(Object.defineProperty({}, 'type', { get: fails }) as RuntimeEvent)
    expect(pooled.logs).toMatchObject([{ level: 'error', message: 'an instance emitted a malformed event: ignored' }])
    pooled.at(0).emitStopped(died)
    expect(pooled.take()).toEqual(['died'])
  })

  it('A getActiveVersion that throws leaves no call of a dead instance pending', async () => {
    const pooled = new Pooled({ size: 1 }).up()
    pooled.at(0).getActiveVersion = fails
    const [call] = pooled.call('a')
    pooled.at(0).emitStopped(died)
    expect(await rejectionOf(call as Promise<string>)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST', version: '1.0.0' })
  })

  it('A capability that throws is logged, and the pool has started all the same', () => {
    const pooled = new Pooled({ size: 1 })
    pooled.at(0).getCapabilityTEE = fails
    pooled.runtime.start()
    pooled.at(0).emitStarted()
    pooled.at(0).emitUpdated()
    expect(pooled.raw).toEqual([
      { type: 'started', version: '1.0.0' },
      { type: 'updated', version: '1.0.0' },
    ])
    const message = 'an instance failed to give its capability'
    expect(pooled.logs).toMatchObject([{ message }, { message }])
    expect(() => pooled.runtime.getCapabilityTEE()).toThrow('broken')
  })
})

describe('the options of a pool', () => {
  it.each<[string, object]>([
    ['size', { size: 0 }],
    ['ready', { size: 2, ready: 3 }],
    ['ready', { ready: 0 }],
    ['concurrentStarts', { concurrentStarts: 1.5 }],
    ['concurrency', { concurrency: 0 }],
    ['waitTimeout', { waitTimeout: -1 }],
    ['maxWaitingCalls', { maxWaitingCalls: '5' }],
    ['broadcast', { broadcast: true }],
    ['inspect', { inspect: 5 }],
    ['clock', { clock: {} }],
  ])('A wrong %s is refused by name: %j', (name, options) => {
    expect(() => new Pooled(options)).toThrow(
      expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(`"${name}"`) }),
    )
  })

  it('What is no provisioner, or makes no runtimes, or the same one twice, is refused', () => {
    expect(() => pool({} as never)).toThrow(expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION' }))
    const runtime = new ControllableRuntime({ id: 'rules', version: '1.0.0' })
    const of = (made: unknown) => pool({ name: 'x', provision: () => made as never }, { size: 2 })
    for (const made of [{}, runtime]) {
      expect(() => of(made).provision({ id: 'rules', version: '1.0.0' })).toThrow(
        expect.objectContaining({ code: 'CUTOVER_INVALID_RUNTIME' }),
      )
    }
    expect(of(runtime).name).toBe('pool of x')
  })
})
