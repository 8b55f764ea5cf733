import type { RolloutEvent, RolloutSnapshot } from 'cutover/machines'
import type { RolloutPlan, ToOptions } from 'cutover/rollout'
import { expect } from 'vitest'
import { microtasks } from '../fixtures/hosting.js'
import { SteppedClock } from '../fixtures/steppedClock.js'
import { Rolling } from '../rollout/rolling.js'
import { type ModelEvent, type Outcome, RolloutOracle } from './rolloutOracle.js'
import { TransitionRecorder } from './transitionRecorder.js'

/** All different, so that a delay identifies its timer. */
const TIMES = { startTimeout: 11, verifyTimeout: 12, step: 130, stepTimeout: 140, soak: 15 }
/** A step that has had no verdict is looked at again after a tenth of its time. */
const LOOK_AGAIN = TIMES.step / 10

/** The plans of the orders. */
export const PLANS = {
  steps: { soak: TIMES.soak, steps: [{ percent: 20, for: TIMES.step }, { percent: 50 }] },
  bare: { soak: 0, steps: [] },
} satisfies Record<string, Partial<RolloutPlan>>

/** The options that every plan of the model shares. */
export const COMMON = {
  startTimeout: TIMES.startTimeout,
  verifyTimeout: TIMES.verifyTimeout,
  health: { stepTimeout: TIMES.stepTimeout },
}

/** The version of an order that is active already. */
export const ACTIVE = '1.0.0'

/** Where a rollout stands, and rests until something happens. */
export interface Place {
  readonly place: string
  readonly step: number | null
}

/** Makes the events of the machine happen in a real rollout, by its public methods, its hosts, its clock and its calls. */
export class RolloutDriver {
  readonly recorder = new TransitionRecorder()
  #clock = new SteppedClock()
  #rolling!: Rolling
  #oracle!: RolloutOracle
  #outcomes: Outcome[] = []
  #orders = 1
  /** Whether somebody else has stopped the aggregate or changed its versions. Once at rest, a new one takes its place. */
  #isTouched = false
  #passVerify = () => {}
  #failVerify = (_: Error) => {}
  #controller = new AbortController()

  static async begin(): Promise<RolloutDriver> {
    const driver = new RolloutDriver()
    await driver.#begin()
    return driver
  }

  async #begin(): Promise<void> {
    this.#clock = new SteppedClock()
    const { clock, recorder } = { clock: this.#clock, recorder: this.recorder }
    this.#rolling = new Rolling({ ...COMMON, soak: TIMES.soak, inspect: recorder.inspect, clock })
    await this.#rolling.serve('1.0.0')
    this.#oracle = new RolloutOracle()
    this.#outcomes = []
    this.#orders = 1
    this.#isTouched = false
  }

  get #candidate(): string {
    return this.#rolling.rollout.status().candidate ?? ''
  }

  /** Makes the event happen, and checks what can be observed after it. */
  async take(event: ModelEvent, from: RolloutSnapshot, to: Place | null): Promise<void> {
    if (event.type === 'halted' || event.type === 'interfered') this.#isTouched = true
    await this.#act(event, from)
    await microtasks()
    if (to === null) return
    const { rollout, aggregate } = this.#rolling
    const { step } = rollout.status()
    expect({ place: this.#rolling.place, step }).toEqual(to)
    const { active, next, share } = aggregate.status()
    if (aggregate.status().state === 'running') {
      expect({ active, next, share, outcomes: this.#outcomes }).toEqual(this.#oracle.facts)
    } else expect(this.#outcomes).toEqual(this.#oracle.facts.outcomes)
    if (this.#isTouched && to.place === 'idle') {
      await this.end()
      await this.#begin()
    }
  }

  /** Disposes of the rollout, which leaves nothing behind. */
  async end(): Promise<void> {
    await this.#rolling.rollout[Symbol.asyncDispose]()
    expect([this.#rolling.hosting.errors(), this.#clock.pending.filter(Number.isFinite)]).toEqual([[], []])
    for (const outcome of this.#outcomes) expect(outcome).not.toBe('pending')
  }

  async #act(event: ModelEvent, { context, value }: RolloutSnapshot): Promise<void> {
    if (event.type === 'order') {
      await this.#order(event)
      return
    }
    const { rollout, aggregate } = this.#rolling
    this.#oracle.happened(event)
    switch (event.type) {
      case 'cancel':
        if (event.id === null) rollout.cancel()
        else if (event.id === context.order?.id) this.#controller.abort()
        break
      case 'close':
        void rollout[Symbol.asyncDispose]()
        break
      case 'pause':
      case 'resume':
        rollout[event.type]()
        break
      case 'rollBack':
        void rollout.rollback()
        break
      case 'up':
        this.#rolling.runtime(this.#candidate).emitStarted()
        break
      case 'failed':
        if (value === 'preparing') this.#rolling.runtime(this.#candidate).emitGaveUp()
        else this.#failVerify(new Error('wrong total'))
        break
      case 'lost':
        this.#rolling.runtime(this.#candidate).emitStopped(new Error('segfault'))
        break
      case 'halted':
        await aggregate.stop()
        break
      case 'interfered':
        await aggregate.setVersion(aggregate.status().active)
        break
      case 'verified':
        await this.#comparing(event.canCompare, () => this.#passVerify())
        break
      case 'judged':
        if (event.verdict === 'healthy') await this.#rolling.burst(3_000)
        await this.#comparing(event.canCompare, () => (event.advance ? rollout.advance() : this.#look()))
        break
      case 'unhealthy':
      case 'suspected':
        await this.#failing(event.type === 'suspected' ? 'soaking.watching' : this.#rolling.place)
        break
      case 'crossed':
        await this.#rolling.burst(2_001)
        break
      case 'soaked':
        this.#clock.fire(TIMES.soak, 'first')
        break
      default:
        if (event.type.startsWith('xstate.after.')) this.#fire(event.type)
    }
  }

  async #order({ order, force }: RolloutEvent & { readonly type: 'order' }): Promise<void> {
    const isAgain = order.version === ACTIVE
    const version = isAgain ? `${this.#rolling.aggregate.status().active}` : `${++this.#orders}.0.0`
    const { steps, soak } = order.plan.steps.length > 0 ? PLANS.steps : PLANS.bare
    const isRefused = this.#rolling.place.startsWith('soaking') && !force
    if (isAgain) this.#oracle.orderAgain()
    else if (!isRefused)
      this.#oracle.order(
        version,
        steps.map(({ percent }) => percent),
        soak > 0,
      )
    this.#rolling.silent.add(version)
    const controller = new AbortController()
    const verify = () =>
      new Promise<void>((resolve, reject) => {
        this.#passVerify = resolve
        this.#failVerify = reject
      })
    const plan: ToOptions<string, string> = { steps, soak, force, verify, signal: controller.signal }
    const ordered = this.#rolling.rollout.to(version, plan)
    if (isRefused) {
      await expect(ordered).rejects.toMatchObject({ code: 'CUTOVER_ROLLOUT_STATE' })
      return
    }
    this.#controller = controller
    const index = this.#outcomes.push('pending') - 1
    ordered.then(
      ({ outcome }) => (this.#outcomes[index] = outcome),
      ({ code }) => (this.#outcomes[index] = code),
    )
    await microtasks()
  }

  /** With the active version down, the two cannot be compared. It comes up again at once. */
  async #comparing(canCompare: boolean, act: () => void): Promise<void> {
    const runtime = this.#rolling.runtime(`${this.#rolling.aggregate.status().active}`)
    if (!canCompare) runtime.emitStopped(new Error('segfault'))
    act()
    await microtasks()
    if (!canCompare && runtime.stops === 0) runtime.emitStarted()
  }

  /** Lets calls of the candidate fail until the rollout moves on. */
  async #failing(place: string): Promise<void> {
    this.#rolling.failing.add(this.#candidate)
    for (let n = 0; n < 500 && this.#rolling.place === place; n++) await this.#rolling.calls(1)
    this.#rolling.failing.clear()
  }

  #look(): void {
    this.#clock.fire(this.#clock.pending.includes(TIMES.step) ? TIMES.step : LOOK_AGAIN)
  }

  #fire(type: string): void {
    const name = type.split('.')[2] as 'startTimeout' | 'verifyTimeout' | 'stepTimeout' | 'soak'
    this.#clock.fire(TIMES[name], name === 'soak' ? 'last' : 'only')
  }
}
