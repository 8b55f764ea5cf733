import { type Deployment, follow, type RolloutOptions, type RolloutStore } from 'cutover/rollout'
import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { microtasks } from '../../fixtures/hosting.js'
import { RECORD, Rolling } from '../rolling.js'

/** A rollout that follows a schedule in epochs. */
class Following extends Rolling {
  readonly lists$ = new Subject<readonly Deployment[]>()
  readonly now$ = new Subject<number>()
  readonly logs: string[] = []
  readonly verified: string[] = []
  /** The errors that `verify` throws, by version. */
  readonly broken = new Set<string>()
  readonly subscription

  constructor(options: Partial<RolloutOptions<string, string>> = {}) {
    super({
      soak: 1_000,
      verify: ({ version }) => {
        this.verified.push(version)
        if (this.broken.has(version)) throw new Error('broken')
      },
      ...options,
    })
    const write = (_: object, message: string) => this.logs.push(message)
    const logger = { debug: write, info: write, warn: write, error: write }
    this.subscription = follow(this.rollout, this.lists$, this.now$, { logger, maxFuture: 3 })
  }

  async list(...entries: readonly [version: string, validFrom: number][]): Promise<void> {
    this.lists$.next(entries.map(([version, validFrom]) => ({ version, validFrom })))
    await this.settle()
  }

  async now(epoch: number): Promise<void> {
    this.now$.next(epoch)
    await this.settle()
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) await microtasks()
  }

  /** Begins with 1.0.0 permanent, and 2.0.0 due at 10. */
  async begin(): Promise<void> {
    await this.rollout.start()
    await this.now(5)
    await this.list(['1.0.0', 5], ['2.0.0', 10])
    await this.pass(1_000)
    await this.settle()
    expect(this.pair).toBe('1.0.0 | null')
    expect(this.verified.splice(0)).toEqual(['1.0.0'])
    this.story.length = 0
  }

  starts(version: string): number {
    return this.provisioned.filter(runtime => runtime.getActiveVersion() === version).length
  }
}

describe('A rollout that follows a schedule', () => {
  it('starts a version in advance, and verifies and promotes it when it is due', async () => {
    const following = new Following()
    await following.begin()
    await following.now(7)
    expect(following.pair).toBe('1.0.0 | 2.0.0')
    expect(following.place).toBe('verifying')
    expect(following.runtime('2.0.0').calls).toEqual([])
    await following.now(9.9)
    expect(following.verified).toEqual([])
    await following.now(10)
    expect(following.verified).toEqual(['2.0.0'])
    expect(following.pair).toBe('2.0.0 | 1.0.0')
    expect(following.place).toBe('soaking.watching')
    await following.pass(1_000)
    await following.settle()
    expect(following.pair).toBe('2.0.0 | null')
    expect(following.rollout.status().permanent).toBe('2.0.0')
    await following.now(11)
    expect(following.provisioned).toHaveLength(2)
  })

  it('starts a version in advance after a restart of the process, and keeps it when the list grows', async () => {
    const store: RolloutStore = { open: async () => RECORD, save: async () => {}, close: async () => {} }
    const following = new Following({ store })
    await following.rollout.start()
    await following.now(7)
    await following.list(['1.0.0', 5], ['2.0.0', 10])
    expect([following.place, following.pair]).toEqual(['verifying', '1.0.0 | 2.0.0'])
    await following.list(['1.0.0', 5], ['2.0.0', 10], ['3.0.0', 100])
    await following.now(9)
    expect([following.place, following.pair, following.starts('2.0.0')]).toEqual(['verifying', '1.0.0 | 2.0.0', 1])
    await following.now(10)
    expect([following.pair, following.verified]).toEqual(['2.0.0 | 1.0.0', ['2.0.0']])
  })

  it('leaves orders by hand alone until another version is due', async () => {
    const following = new Following({ soak: 0 })
    await following.begin()
    await following.rollout.to('1.0.1')
    await following.now(6)
    await following.settle()
    expect(following.pair).toBe('1.0.1 | null')
    await following.now(10)
    expect(following.pair).toBe('2.0.0 | null')
    await following.rollout.rollback()
    await following.now(11)
    await following.settle()
    expect([following.pair, following.starts('2.0.0')]).toEqual(['1.0.1 | null', 1])
  })

  it('orders a version once more when it is due, if it was started in advance in vain', async () => {
    const following = new Following()
    await following.begin()
    await following.now(7)
    expect(following.place).toBe('verifying')
    const fix = following.rollout.to('1.0.1', { soak: 5_000 })
    await following.settle()
    expect([following.pair, following.place]).toEqual(['1.0.1 | 1.0.0', 'soaking.watching'])
    // It falls due in the soak.
    await following.now(10)
    await following.pass(5_000)
    await fix
    await following.settle()
    expect([following.pair, following.starts('2.0.0')]).toEqual(['2.0.0 | 1.0.1', 2])
  })

  it('waits in advance for longer than verifyTimeout, which counts from when the version is due', async () => {
    const verifyTimeout = 100
    const following = new Following({ verifyTimeout, verify: () => new Promise(() => {}) })
    await following.rollout.start()
    await following.now(9)
    await following.list(['2.0.0', 10])
    await following.pass(verifyTimeout * 50)
    expect(following.place).toBe('verifying')
    await following.now(10)
    await following.pass(verifyTimeout - 1)
    expect(following.place).toBe('verifying')
    await following.pass(1)
    await following.settle()
    expect(following.story.at(-1)).toBe('idle')
    expect(following.story).toContain('ended CUTOVER_REJECTED')
  })

  it('does not try a version again that was rejected, until the list changes', async () => {
    const following = new Following()
    following.broken.add('2.0.0')
    await following.begin()
    await following.now(9)
    await following.now(10)
    expect(following.story).toContain('ended CUTOVER_REJECTED')
    expect(following.pair).toBe('1.0.0 | null')
    await following.now(11)
    await following.list(['1.0.0', 5], ['2.0.0', 10])
    await following.settle()
    expect(following.starts('2.0.0')).toBe(1)
    following.broken.clear()
    await following.list(['1.0.0', 5], ['2.0.0', 10], ['3.0.0', 100])
    expect(following.starts('2.0.0')).toBe(2)
    expect(following.pair).toBe('2.0.0 | 1.0.0')
  })

  it('does not try a version again that was rolled back in its soak', async () => {
    const following = new Following()
    await following.begin()
    await following.now(10)
    expect(following.place).toBe('soaking.watching')
    following.runtime('2.0.0').emitStopped(new Error('it died'))
    await following.settle()
    expect(following.story).toContain('ended CUTOVER_ROLLED_BACK')
    await following.now(12)
    expect(following.pair).toBe('1.0.0 | null')
    expect(following.starts('2.0.0')).toBe(1)
  })

  it('tries a version that could not start in advance once more when it is due', async () => {
    const following = new Following({ startTimeout: 500 })
    await following.begin()
    following.silent.add('2.0.0')
    await following.now(8)
    await following.pass(500)
    await following.settle()
    expect(following.story).toContain('ended CUTOVER_REJECTED')
    following.silent.clear()
    await following.now(9)
    expect(following.starts('2.0.0')).toBe(1)
    await following.now(10)
    expect(following.starts('2.0.0')).toBe(2)
    expect(following.pair).toBe('2.0.0 | 1.0.0')
  })

  it('lets a soak end before it starts the version that is due meanwhile', async () => {
    const following = new Following()
    await following.begin()
    await following.list(['1.0.0', 5], ['2.0.0', 10], ['3.0.0', 12])
    await following.now(10)
    await following.now(12)
    expect(following.place).toBe('soaking.watching')
    expect(following.starts('3.0.0')).toBe(0)
    await following.pass(1_000)
    await following.settle()
    expect(following.pair).toBe('3.0.0 | 2.0.0')
    expect(following.story).not.toContain('ended CUTOVER_ROLLED_BACK')
  })

  it('replaces a candidate that takes its steps by the one that is due after it', async () => {
    const following = new Following({ steps: [{ percent: 5 }] })
    await following.begin()
    await following.list(['1.0.0', 5], ['2.0.0', 10], ['3.0.0', 20])
    await following.now(10)
    expect(following.place).toBe('stepping.held')
    await following.now(20)
    expect(following.story).toContain('ended CUTOVER_SUPERSEDED')
    expect(following.rollout.status().candidate).toBe('3.0.0')
  })

  it('takes out a version that was started in advance when the list has it no more', async () => {
    const following = new Following()
    await following.begin()
    await following.now(9)
    expect(following.pair).toBe('1.0.0 | 2.0.0')
    await following.list(['1.0.0', 5])
    expect(following.pair).toBe('1.0.0 | null')
    expect(following.story).toContain('ended CUTOVER_CANCELLED')
  })

  it('goes straight to the last version after a sleep', async () => {
    const following = new Following()
    await following.begin()
    await following.list(['1.0.0', 5], ['2.0.0', 10], ['3.0.0', 20])
    await following.now(9)
    await following.now(1_000)
    expect(following.pair).toBe('3.0.0 | 1.0.0')
    expect(following.verified).toEqual(['3.0.0'])
  })

  it('is not ordered what is permanent already', async () => {
    const following = new Following()
    await following.serve('2.0.0')
    await following.pass(1_000)
    following.story.length = 0
    await following.now(10)
    await following.list(['2.0.0', 10])
    expect(following.story).toEqual([])
  })

  it('keeps what is due when nobody follows any more, and takes out what was started in advance', async () => {
    const following = new Following()
    await following.begin()
    await following.now(9)
    following.subscription.unsubscribe()
    await following.settle()
    expect(following.pair).toBe('1.0.0 | null')
    expect(following.place).toBe('idle')
    const other = new Following()
    await other.begin()
    await other.now(10)
    other.subscription.unsubscribe()
    await other.settle()
    expect(other.place).toBe('soaking.watching')
  })

  it('ends the subscription when it is disposed', async () => {
    const following = new Following()
    await following.begin()
    await following.now(9)
    await following.rollout[Symbol.asyncDispose]()
    expect(following.subscription.closed).toBe(true)
    expect([following.lists$.observed, following.now$.observed]).toEqual([false, false])
  })
})
