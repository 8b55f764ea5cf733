import { memoryStore, type RolloutStore } from 'cutover/rollout'
import { describe, expect, it, vi } from 'vitest'
import { microtasks } from '../fixtures/hosting.js'
import { randomFrom } from '../fixtures/randomFrom.js'
import { Rolling } from './rolling.js'

/** A walk takes as long as some ten values of the other random tests. */
const RUNS = Math.ceil(Number(process.env['RUNS'] ?? 3_000) / 10)
const STEPS = 60
const VERSIONS = ['1.0.0', '2.0.0', '3.0.0', '4.0.0']
const CODES = ['CUTOVER_REJECTED', 'CUTOVER_ROLLED_BACK', 'CUTOVER_SUPERSEDED', 'CUTOVER_CANCELLED']
const REFUSALS = ['CUTOVER_ROLLOUT_STATE', 'CUTOVER_NO_SUCH_VERSION', 'CUTOVER_DISPOSED']
/** Acts of somebody else. After them, only that all ends well is checked. */
const FOREIGN = new Set(['setVersion', 'swap'])

type Runtime = ReturnType<Rolling['runtime']>

/** A walk: random acts of users, hosts and time, and what must hold after each of them. */
class Walk {
  readonly random: () => number
  readonly rolling: Rolling
  readonly acts: string[] = []
  readonly orders: { readonly version: string; outcome: string }[] = []
  /** The runtimes whose verify has passed, or that were permanent before. */
  readonly verified = new Set<Runtime>()
  /** An oracle of its own: the versions that stay, as the promises of to() say, last one first. */
  readonly stayed: string[] = []
  isTouched = false
  /** How many versions stay that the store does not know of. */
  unsaved = 0
  /** Whether nobody else changes the versions of the aggregate. */
  readonly #isAlone: boolean

  constructor(seed: number) {
    this.random = randomFrom(seed)
    this.#isAlone = seed % 4 > 0
    this.rolling = new Rolling({
      soak: 1_000,
      startTimeout: 2_000,
      verifyTimeout: 500,
      provision: async version => this.#provision(version),
      verify: ({ version, signal }) => this.#verify(version, signal),
      store: this.#store(),
    })
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T
  }

  chance(percent: number): boolean {
    return this.random() * 100 < percent
  }

  /** Some saves fail, some take until something else happens, and it may fail to close. */
  #store(): RolloutStore {
    const store = memoryStore()
    return {
      open: () => store.open(),
      save: async record => {
        if (this.chance(20)) throw new Error('disk full')
        if (this.chance(20)) await microtasks()
        await store.save(record)
      },
      close: async () => {
        await store.close()
        if (this.chance(20)) throw new Error('disk gone')
      },
    }
  }

  async #provision(version: string): Promise<Runtime> {
    if (this.chance(5)) throw new Error('no image')
    if (this.chance(3)) await new Promise(() => {})
    if (this.chance(10)) this.rolling.silent.add(version)
    else this.rolling.silent.delete(version)
    const runtime = this.rolling.provision(version)
    if (this.chance(10)) runtime.stop = () => {}
    // The permanent version comes back without verify.
    if (this.rolling.rollout.status().permanent === version) this.verified.add(runtime)
    return runtime
  }

  async #verify(version: string, _signal: AbortSignal): Promise<void> {
    if (this.chance(10)) throw new Error('wrong total')
    if (this.chance(10)) await new Promise(() => {})
    this.verified.add(this.rolling.runtime(version))
  }

  readonly #acts: Readonly<Record<string, () => unknown>> = {
    order: () => this.#order(),
    orderAgain: () => this.#order(),
    cancel: () => this.#ask(() => this.rolling.rollout.cancel()),
    pause: () => this.#ask(() => this.rolling.rollout.pause()),
    resume: () => this.#ask(() => this.rolling.rollout.resume()),
    advance: () => this.#ask(() => this.rolling.rollout.advance()),
    advanceAgain: () => this.#ask(() => this.rolling.rollout.advance()),
    rollback: () =>
      void this.rolling.rollout.rollback().then(
        ({ version }) => this.stayed.unshift(version),
        error => this.#refused(error),
      ),
    pass: () => this.rolling.pass(this.pick([1, 100, 500, 1_000, 2_000])),
    passMore: () => this.rolling.pass(this.pick([500, 1_000, 10_000])),
    calls: () => this.rolling.calls(20),
    fail: () => this.rolling.failing.add(this.pick(VERSIONS)),
    heal: () => this.rolling.failing.clear(),
    started: () => this.#host(runtime => runtime.emitStarted()),
    died: () => this.#host(runtime => runtime.emitStopped(new Error('segfault'))),
    failed: () => this.#host(runtime => runtime.emitFailedToStart()),
    gaveUp: () => this.#host(runtime => runtime.emitGaveUp()),
    stopped: () => this.#stopped(),
    stoppedAgain: () => this.#stopped(),
    dispose: () => this.chance(3) && void this.rolling.rollout[Symbol.asyncDispose](),
    setVersion: () => this.chance(20) && void this.rolling.aggregate.setVersion(this.pick(VERSIONS)).catch(() => {}),
    swap: () => this.chance(20) && void this.rolling.aggregate.swap().catch(() => {}),
    stop: () => this.chance(20) && void this.rolling.aggregate.stop(),
    start: () => this.rolling.aggregate.start(),
  }

  async step(): Promise<void> {
    const name = this.pick(Object.keys(this.#acts))
    if (FOREIGN.has(name)) {
      if (this.#isAlone) return
      this.isTouched = true
    }
    this.acts.push(name)
    await this.#acts[name]?.()
    await microtasks()
    this.check()
  }

  #ask(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#refused(error)
    }
  }

  #refused(error: unknown): void {
    expect([...CODES, ...REFUSALS]).toContain((error as { code?: string }).code)
  }

  #order(): void {
    const version = this.pick(VERSIONS)
    const order = { version, outcome: 'pending' }
    this.orders.push(order)
    const steps = this.pick([[], [{ percent: 20, for: 500 }], [{ percent: 10 }, { percent: 30, for: 500 }]])
    const health = this.pick([{}, { minCalls: 0 }])
    this.rolling.rollout.to(version, { steps, health, force: this.chance(30) }).then(
      result => {
        order.outcome = 'stays'
        if (!result.saved) this.unsaved += 1
        expect(result.version).toBe(version)
        this.stayed.unshift(version)
      },
      error => {
        this.#refused(error)
        order.outcome = error.code
      },
    )
  }

  /** A host acts as hosts may: only a runtime that was started, and not stopped, says anything. */
  #host(say: (runtime: Runtime) => void): void {
    const alive = this.rolling.provisioned.filter(({ starts, stops }) => starts > 0 && stops === 0)
    if (alive.length > 0) say(this.pick(alive))
  }

  /** Hosts that were told to stop say that they have. */
  #stopped(): void {
    for (const runtime of this.rolling.provisioned) if (runtime.stops > 0) runtime.emitStopped()
  }

  check(): void {
    const { rolling } = this
    const { state, permanent, candidate, from } = rolling.rollout.status()
    const { active, next, wanted, share, state: aggregate } = rolling.aggregate.status()
    expect(rolling.hosting.errors().filter(message => !message.includes('given up'))).toEqual([])
    if (this.isTouched) return
    for (const runtime of rolling.provisioned) {
      expect(runtime.starts).toBeLessThanOrEqual(1)
      expect(runtime.stops).toBeLessThanOrEqual(1)
      // No user reaches a version before verify has passed.
      if (runtime.calls.length > 0) expect(this.verified).toContain(runtime)
    }
    if (state === 'idle') expect([candidate, share]).toEqual([null, 0])
    if (aggregate !== 'running') return
    if (state === 'idle' && active !== null) expect([active, next]).toEqual([permanent, null])
    if (state === 'verifying' || state === 'stepping') expect(wanted).toEqual({ active: from, next: candidate })
    if (state === 'verifying') expect(share).toBe(0)
    if (state === 'soaking') expect(wanted).toEqual({ active: candidate, next: from })
  }

  async end(): Promise<void> {
    const { rolling } = this
    const disposed = rolling.rollout[Symbol.asyncDispose]()
    let isDisposed = false
    void disposed.then(() => (isDisposed = true))
    // Hosts that never say so are given up after stopTimeout; calls in flight after drainTimeout.
    for (let n = 0; n < 20 && !isDisposed; n++) {
      this.#stopped()
      await rolling.pass(30_000)
    }
    expect([isDisposed, rolling.place]).toEqual([true, 'disposed'])
    expect(this.orders.filter(({ outcome }) => outcome === 'pending')).toEqual([])
    for (const { outcome } of this.orders) expect(['stays', ...CODES, ...REFUSALS]).toContain(outcome)
    if (!this.isTouched) expect(rolling.rollout.status().permanent).toBe(this.stayed[0] ?? null)
  }
}

describe('A walk of random acts, with faults', () => {
  const batches = Array.from({ length: Math.ceil(RUNS / 100) }, (_, n) => n)

  it.each(batches)('batch %i: no call before verify, the pair of the state, and every promise settles', async batch => {
    const outcomes = new Map<string, number>()
    let unsaved = 0
    for (let n = batch * 100; n < Math.min(RUNS, (batch + 1) * 100); n++) {
      const walk = new Walk(n)
      vi.spyOn(Math, 'random').mockImplementation(randomFrom(n))
      try {
        for (let step = 0; step < STEPS; step++) await walk.step()
        await walk.end()
      } catch (error) {
        ;(error as Error).message += `\n\nseed ${n}, after: ${walk.acts.join(', ')}\n${walk.rolling.story.join(', ')}`
        throw error
      }
      unsaved += walk.unsaved
      for (const { outcome } of walk.orders) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    // The walks get everywhere.
    for (const outcome of ['stays', ...CODES]) expect(outcomes.get(outcome) ?? 0).toBeGreaterThan(0)
    expect(unsaved).toBeGreaterThan(0)
  })
})
