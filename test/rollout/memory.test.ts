import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { memoryStore, type RolloutRecord, type RolloutStore } from 'cutover/rollout'
import { describe, expect, it, vi } from 'vitest'
import { microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'
import { Rolling } from './rolling.js'

/** A store that can fail, and keeps all records. */
class NotedStore implements RolloutStore {
  readonly records: RolloutRecord[] = []
  readonly log: string[] = []
  failing = 0
  openFails: Error | undefined
  record: RolloutRecord | undefined

  constructor(permanent: string | null = null, previous: string | null = null) {
    if (permanent !== null) {
      this.record = { permanent, previous, candidate: null, state: 'idle', since: new Date(0).toISOString() }
    }
  }

  async open(): Promise<RolloutRecord | undefined> {
    this.log.push('open')
    if (this.openFails !== undefined) throw this.openFails
    return this.record
  }

  async save(record: RolloutRecord): Promise<void> {
    if (this.failing-- > 0) throw new Error('disk full')
    this.records.push(record)
    this.record = record
  }

  async close(): Promise<void> {
    this.log.push('close')
  }

  get states(): string[] {
    return this.records.map(({ state, candidate, permanent }) => `${state} ${candidate} ${permanent}`)
  }
}

describe('start()', () => {
  it('brings up the permanent version', async () => {
    const rolling = new Rolling({ store: new NotedStore('1.4.0', '1.3.0') })
    expect(await rolling.rollout.start()).toBe('1.4.0')
    expect(rolling.pair).toBe('1.4.0 | null')
    expect(rolling.rollout.status()).toMatchObject({ permanent: '1.4.0', previous: '1.3.0' })
  })

  it('gives null without one, and starts the aggregate', async () => {
    const rolling = new Rolling()
    await rolling.aggregate.stop()
    expect(await rolling.rollout.start()).toBeNull()
    expect(rolling.aggregate.status().state).toBe('running')
    expect(rolling.provisioned).toEqual([])
  })

  it('brings up the permanent version, and not the candidate of a rollout that was interrupted', async () => {
    const store = new NotedStore('1.0.0')
    store.record = { ...(store.record as RolloutRecord), candidate: '2.0.0', state: 'soaking' }
    const warnings: unknown[] = []
    const logger = { debug() {}, info() {}, error() {}, warn: (object: object) => void warnings.push(object) }
    const rolling = new Rolling({ store, logger })
    expect(await rolling.rollout.start()).toBe('1.0.0')
    expect(warnings).toMatchObject([{ version: '2.0.0', state: 'soaking' }])
    expect(await rolling.rollout.to('2.0.0', { soak: 0 })).toMatchObject({ from: '1.0.0' })
  })

  it('does nothing if the store cannot be opened, and a second start() tries again', async () => {
    const store = new NotedStore('1.0.0')
    store.openFails = new Error('held by process 7')
    const rolling = new Rolling({ store })
    expect(await rejectionOf(rolling.rollout.start())).toBe(store.openFails)
    expect(await rejectionOf(rolling.rollout.to('2.0.0'))).toBe(store.openFails)
    expect(rolling.provisioned).toEqual([])
    store.openFails = undefined
    expect(await rolling.rollout.start()).toBe('1.0.0')
  })

  it('rejects if the permanent version does not run in time; another version can be ordered', async () => {
    const rolling = new Rolling({ store: new NotedStore('1.0.0'), startTimeout: 500, soak: 0 })
    rolling.silent.add('1.0.0')
    const started = rolling.rollout.start()
    started.catch(() => {})
    await microtasks()
    await rolling.pass(500)
    expect(await rejectionOf(started)).toMatchObject({ code: 'CUTOVER_START_FAILED', version: '1.0.0' })
    expect(await rolling.rollout.to('2.0.0')).toMatchObject({ version: '2.0.0', from: '1.0.0' })
    expect(rolling.pair).toBe('2.0.0 | null')
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no image')
      },
      'no image',
    ],
    ['hangs', () => new Promise<never>(() => {}), 'did not run within 500 ms'],
  ])('rejects if provision %s', async (_, provision, message) => {
    const rolling = new Rolling({ store: new NotedStore('1.0.0'), startTimeout: 500, provision })
    const started = rolling.rollout.start()
    started.catch(() => {})
    await microtasks()
    await rolling.pass(500)
    expect(await rejectionOf(started)).toMatchObject({ message: expect.stringContaining(message) })
  })

  it('leaves an active version that somebody else has set', async () => {
    const rolling = new Rolling({ store: new NotedStore('1.0.0') })
    rolling.hosting.addWilling('3.0.0')
    await rolling.aggregate.setVersion('3.0.0')
    expect(await rolling.rollout.start()).toBe('1.0.0')
    expect(rolling.pair).toBe('3.0.0 | null')
  })

  it('twice, and to() at the same time, provisions it once', async () => {
    const rolling = new Rolling({ store: new NotedStore('1.0.0'), soak: 0 })
    const [a, b, c] = await Promise.all([rolling.rollout.start(), rolling.rollout.start(), rolling.rollout.to('2.0.0')])
    expect([a, b, c.version]).toEqual(['1.0.0', '1.0.0', '2.0.0'])
    expect(rolling.provisioned.map(each => each.getActiveVersion())).toEqual(['1.0.0', '2.0.0'])
  })
})

describe('The store', () => {
  it('knows each state, and which version is permanent only when it has proved itself', async () => {
    const store = new NotedStore('1.0.0')
    const rolling = new Rolling({ store, soak: 1_000, steps: [{ percent: 10 }] })
    await rolling.rollout.start()
    const { promise } = await rolling.order('2.0.0')
    rolling.rollout.advance()
    await microtasks()
    await rolling.pass(1_000)
    await promise
    await microtasks()
    expect(store.states).toEqual([
      ...['preparing 2.0.0 1.0.0', 'verifying 2.0.0 1.0.0', 'stepping 2.0.0 1.0.0'],
      ...['promoting 2.0.0 1.0.0', 'soaking 2.0.0 1.0.0', 'finishing 2.0.0 2.0.0', 'idle null 2.0.0'],
    ])
    expect(store.record).toMatchObject({ permanent: '2.0.0', previous: '1.0.0' })
  })

  it('that fails while a rollout is under way is logged, and the rollout goes on', async () => {
    const store = new NotedStore('1.0.0')
    const errors: string[] = []
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (_: object, message: string) => void errors.push(message),
    }
    const rolling = new Rolling({ store, soak: 0, logger })
    await rolling.rollout.start()
    store.failing = 3
    expect(await rolling.rollout.to('2.0.0')).toMatchObject({ saved: true })
    expect(errors).toEqual(Array(3).fill('a rollout could not be saved'))
  })

  it.each([
    ['that fails at the end is tried a second time', 1, true],
    ['that fails twice at the end is told: saved is false', 2, false],
  ])('%s', async (_, failing, saved) => {
    const store = new NotedStore('1.0.0')
    const rolling = new Rolling({ store, soak: 1_000 })
    await rolling.rollout.start()
    const { promise } = await rolling.order('2.0.0')
    store.failing = failing
    await rolling.pass(1_000)
    expect(await promise).toMatchObject({ outcome: 'promoted', saved })
  })

  it('is given back by a dispose, after the last save; one that was not opened is not closed', async () => {
    const store = new NotedStore('1.0.0')
    const rolling = new Rolling({ store })
    await rolling.rollout.start()
    await rolling.rollout[Symbol.asyncDispose]()
    expect(store.log).toEqual(['open', 'close'])
    const unused = new NotedStore()
    await new Rolling({ store: unused }).rollout[Symbol.asyncDispose]()
    expect(unused.log).toEqual([])
  })

  it.each([
    ['fails', () => Promise.reject(new Error('disk full'))],
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
    ['gives no promise', () => {}],
  ])('whose close %s is closed once, and hinders no dispose', async (_, close) => {
    const store = new NotedStore('1.0.0')
    const closed = vi.spyOn(store, 'close').mockImplementation(close as never)
    const rolling = new Rolling({ store })
    await rolling.rollout.start()
    await Promise.all([rolling.rollout[Symbol.asyncDispose](), rolling.rollout[Symbol.asyncDispose]()])
    expect(closed).toHaveBeenCalledOnce()
  })

  it('in memory outlives its rollout', async () => {
    const store = memoryStore()
    await new Rolling({ store }).serve('1.0.0')
    expect(await new Rolling({ store }).rollout.start()).toBe('1.0.0')
  })
})

describe('After stop() and start() of the aggregate', () => {
  it('the permanent version is provisioned again, each time', async () => {
    const rolling = new Rolling()
    await rolling.serve('1.0.0')
    for (let n = 2; n < 5; n++) {
      await rolling.aggregate.stop()
      rolling.aggregate.start()
      expect(await rolling.aggregate.whenRunning()).toBe('1.0.0')
      expect(rolling.provisioned).toHaveLength(n)
    }
  })

  it('a provision that throws is logged', async () => {
    const errors: string[] = []
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (_: object, message: string) => void errors.push(message),
    }
    const rolling = new Rolling({ logger })
    await rolling.serve('1.0.0')
    await rolling.aggregate.stop()
    rolling.provision = () => {
      throw new Error('no image')
    }
    rolling.aggregate.start()
    await microtasks()
    expect(new Set(errors)).toEqual(new Set(['the permanent version could not be provisioned again']))
  })
})

describe('watch()', () => {
  it('emits each state and the end, and completes on dispose; the channel has the same', async () => {
    const heard: unknown[] = []
    const hear = (message: unknown) => heard.push(message)
    subscribe('cutover.rollout', hear)
    try {
      const rolling = new Rolling({ soak: 0 })
      let isComplete = false
      const events: unknown[] = []
      rolling.rollout.watch().subscribe({ next: event => events.push(event), complete: () => (isComplete = true) })
      await rolling.rollout.to('1.0.0')
      expect(events).toMatchObject([
        { type: 'changed', status: { state: 'preparing', candidate: '1.0.0', permanent: null } },
        { type: 'changed', status: { state: 'verifying' } },
        { type: 'changed', status: { state: 'promoting' } },
        { type: 'changed', status: { state: 'finishing' } },
        { type: 'promoted', result: { version: '1.0.0' } },
        { type: 'changed', status: { state: 'idle', candidate: null, permanent: '1.0.0' } },
      ])
      expect(heard).toEqual(events.map(event => ({ aggregate: rolling.aggregate.id, event })))
      await rolling.rollout[Symbol.asyncDispose]()
      expect(isComplete).toBe(true)
    } finally {
      unsubscribe('cutover.rollout', hear)
    }
  })

  it('a subscriber that throws, or cancels at once, breaks nothing', async () => {
    const rolling = new Rolling({ soak: 0 })
    await rolling.serve('1.0.0')
    rolling.rollout.watch().subscribe(event => {
      if (event.type === 'changed' && event.status.state === 'preparing') rolling.rollout.cancel()
      throw new Error('bad subscriber')
    })
    const { promise } = await rolling.order('2.0.0')
    expect(await stateOf(promise)).toBe('rejected')
    expect([rolling.place, rolling.aggregate.versions()]).toEqual(['idle', ['1.0.0']])
  })
})
