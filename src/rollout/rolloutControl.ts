import { Subject } from 'rxjs'
import { type ActorRefFrom, createActor } from 'xstate'
import {
  type RolloutEvent as MachineEvent,
  type Order,
  type RolloutEffect,
  type RolloutSnapshot,
  rolloutEffects,
  rolloutMachine,
} from '../../machines/index.js'
import { type Aggregate, NAME } from '../aggregate/index.js'
import { inspectSafely, wrapClock } from '../contract/index.js'
import { type EffectOwner, EffectQueue, performedByOwner, SafeObservable, startOwned } from '../support/index.js'
import { Attempt } from './attempt.js'
import { Candidates } from './candidates.js'
import { Memory } from './memory.js'
import { ObservedAggregate } from './observedAggregate.js'
import type { CompiledOptions } from './options.js'
import { Performer } from './performer.js'
import type { CompiledPlan } from './plan.js'
import type { RolloutResult } from './report.js'
import { because, notNow, rolloutDisposed, rolloutError } from './rolloutErrors.js'
import { describePlace, placeOf, type RolloutEvent, type RolloutStatus } from './status.js'

const machine = rolloutMachine.provide({ actions: performedByOwner(rolloutEffects) })

/** Owns the actor of a rollout, and performs its effects on the aggregate. */
export class RolloutControl<Req, Res> implements EffectOwner<RolloutEffect> {
  readonly effects: EffectQueue
  readonly memory: Memory
  readonly observed: ObservedAggregate<Req, Res>
  readonly events$: SafeObservable<RolloutEvent>
  readonly #options: CompiledOptions<Req, Res>
  readonly #out$ = new Subject<RolloutEvent>()
  readonly #candidates: Candidates<Req, Res>
  readonly #performer: Performer<Req, Res>
  readonly #attempts = new Map<number, Attempt<Req, Res>>()
  readonly #actor: ActorRefFrom<typeof machine>
  readonly #disposed: Promise<void>
  #close!: () => void
  #told: RolloutSnapshot | undefined
  #orders = 0
  readonly #closing = new AbortController()

  constructor(aggregate: Aggregate<Req, Res>, options: CompiledOptions<Req, Res>) {
    const { clock, logger, inspect, store } = options
    this.#options = options
    this.memory = new Memory(store, logger)
    this.events$ = new SafeObservable(this.#out$, err => logger.error({ err }, 'a subscriber of a rollout threw'))
    this.#disposed = new Promise(resolve => {
      this.#close = resolve
    })
    this.effects = new EffectQueue({
      decided: () => this.#tell(),
      failed: err => logger.error({ err }, 'an effect of a rollout threw: please report this as a bug of cutover'),
    })
    this.observed = new ObservedAggregate(aggregate, () => this.#look())
    this.#candidates = new Candidates(this.observed, this.memory, options, this.closing)
    this.#performer = new Performer(this.observed, this.#candidates, this.memory, options, (attempt, event) =>
      this.#tellOf(attempt, event),
    )
    const actor = createActor(machine, {
      id: `rollout ${aggregate[NAME]}`,
      clock: wrapClock(clock, fn => this.effects.decide(fn)),
      ...inspectSafely(inspect, logger),
    })
    this.#actor = startOwned(actor, this)
    this.#told = this.snapshot
  }

  get snapshot(): RolloutSnapshot {
    return this.#actor.getSnapshot()
  }

  get status(): RolloutStatus {
    const { snapshot, memory } = this
    const { order, pending, step } = snapshot.context
    const place = placeOf(snapshot)
    const current = this.#current
    return {
      id: this.observed.aggregate[NAME],
      ...place,
      candidate: order?.version ?? null,
      from: current?.from ?? null,
      step: place.state === 'stepping' ? step : null,
      progress: current?.calls?.progress ?? null,
      pending: pending?.version ?? null,
      permanent: memory.permanent,
      previous: memory.previous,
    }
  }

  /** The attempt whose order is under way. */
  get #current(): Attempt<Req, Res> | undefined {
    const { order } = this.snapshot.context
    return order === null ? undefined : this.#attempts.get(order.id)
  }

  /**
   * Opens the store, and waits for a permanent version that is on its way into the aggregate.
   *
   * @throws CutoverError (rejects) `CUTOVER_DISPOSED`, also if the rollout is disposed of meanwhile
   */
  async ready(): Promise<void> {
    this.#assertOpen()
    await this.memory.open()
    await this.#candidates.restored()
    this.#assertOpen()
  }

  #assertOpen(): void {
    if (this.#isClosing) throw rolloutDisposed()
  }

  /** Provisions the permanent version and makes it active. Does nothing if it is in the aggregate, or another one is wanted. */
  restore(): Promise<void> {
    return this.#candidates.restore()
  }

  /** @throws CutoverError `CUTOVER_ROLLOUT_STATE` */
  order(version: string, plan: CompiledPlan<Req, Res>, force: boolean): Attempt<Req, Res> {
    const order: Order = { id: ++this.#orders, version, plan: plan.facts }
    const attempt = new Attempt(order, plan)
    const event = { type: 'order', order, force } as const
    if (!this.snapshot.can(event)) throw this.refusal(`A rollout of version ${version}`)
    this.#attempts.set(order.id, attempt)
    this.send(event)
    return attempt
  }

  /** The attempt to promote this version, if it is past the point where another order takes its place. */
  joinable(version: string): Attempt<Req, Res> | undefined {
    const { snapshot } = this
    const isPast = snapshot.matches('promoting') || snapshot.matches('soaking') || snapshot.matches('finishing')
    return isPast && snapshot.context.order?.version === version ? this.#current : undefined
  }

  /** The attempt whose candidate soaks. */
  get soaking(): Attempt<Req, Res> | undefined {
    return this.snapshot.matches('soaking') ? this.#current : undefined
  }

  /** Waits until an attempt has been rolled back. @throws RolloutError `CUTOVER_REJECTED` if it could not */
  async wentBack({ promise, from, version }: Attempt<Req, Res>): Promise<RolloutResult> {
    const stayed = await promise.catch(() => undefined)
    if (stayed === undefined) return { outcome: 'promoted', version: from ?? '', from: version, saved: true, steps: [] }
    const why = stayed.warning ?? 'It stays.'
    const report = { version: from ?? '', from: version, reason: why, steps: [] }
    throw rolloutError({ outcome: 'rejected', why }, report, undefined)
  }

  /** Sends an event of the user. @throws CutoverError `CUTOVER_ROLLOUT_STATE`, `CUTOVER_DISPOSED` */
  ask(event: MachineEvent, what: string): void {
    if (!this.snapshot.can(event)) throw this.refusal(what)
    this.send(event)
  }

  send(event: MachineEvent): void {
    this.effects.decide(() => {
      if (this.snapshot.status === 'active') this.#actor.send(event)
    })
  }

  refusal(what: string): Error {
    return this.#isClosing ? rolloutDisposed() : notNow(what, describePlace(this.snapshot))
  }

  /** Fires when the rollout is being disposed of. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  async dispose(): Promise<void> {
    this.send({ type: 'close' })
    this.#closing.abort(rolloutDisposed())
    await this.#disposed
    await this.memory.close()
  }

  perform(effect: RolloutEffect): void {
    if (effect.type === 'settle') this.#settle(effect)
    else if (effect.type === 'close') this.#end()
    else {
      const attempt = effect.type === 'prepare' ? this.#attempts.get(effect.id) : this.#current
      // An order that has been abandoned since.
      if (attempt !== undefined) this.#performer.perform(attempt, effect)
    }
  }

  #settle(effect: RolloutEffect & { readonly type: 'settle' }): void {
    const attempt = effect.id === null ? undefined : this.#attempts.get(effect.id)
    if (attempt === undefined) return
    this.#attempts.delete(attempt.order.id)
    attempt.cause ??= effect.cause
    this.observed.forget()
    this.#candidates.removeIfNeverStarted(attempt.version)
    this.#announce(attempt.settle(effect))
  }

  #end(): void {
    this.observed.release()
    this.#out$.complete()
    this.#actor.stop()
    this.#close()
  }

  /** Reads the facts of the aggregate again. The machine ignores what does not matter in its state. */
  #look(): void {
    const attempt = this.#current
    if (attempt === undefined) {
      if (this.snapshot.matches('idle')) this.#candidates.restoreIfMissing()
      return
    }
    const { state, versions } = this.observed.status
    if (state !== 'running') {
      const why =
        state === 'stopped' || state === 'stopping' ? 'The aggregate is stopped.' : 'The aggregate was disposed of.'
      this.send({ type: 'halted', why })
    } else if (this.observed.isForeign) {
      this.send({ type: 'interfered', why: 'Somebody else changed the versions of the aggregate.' })
    } else this.#lookAt(attempt, versions.find(({ version }) => version === attempt.version)?.phase === 'gaveUp')
  }

  #lookAt(attempt: Attempt<Req, Res>, hasGivenUp: boolean): void {
    // Nothing has been added yet: a runtime of this version is an earlier one.
    if (attempt.calls === undefined) return
    const { version, lastError: cause } = attempt
    const told = cause === undefined ? undefined : because(cause)
    if (this.observed.runs(version)) this.send({ type: 'up' })
    else if (this.snapshot.matches('preparing')) {
      if (hasGivenUp) this.send({ type: 'failed', why: `Its host has given up starting it${told ?? '.'}`, cause })
    } else this.send({ type: 'lost', why: `It was lost${told ?? ', before its host knew why. See its log.'}`, cause })
  }

  /** Late news of an attempt that is over reaches nobody. */
  #tellOf(attempt: Attempt<Req, Res>, event: MachineEvent): void {
    if (this.#current === attempt) this.send(event)
  }

  get #isClosing(): boolean {
    return this.snapshot.context.isClosing || this.snapshot.status !== 'active'
  }

  /** After each decision: saves and tells where the rollout stands, and looks whether the aggregate has moved on. */
  #tell(): void {
    const { snapshot } = this
    const last = this.#told
    if (snapshot === last) return
    this.#told = snapshot
    const isMoved = last?.value !== snapshot.value || last.context.step !== snapshot.context.step
    if (!isMoved) return
    const { status } = this
    if (status.state !== 'disposed' && status.state !== 'finishing') this.memory.note(status.candidate, status.state)
    this.effects.push(() => {
      this.#options.logger.info({ version: status.candidate, state: status.state, phase: status.phase }, 'rollout')
      this.#announce({ type: 'changed', status })
      this.#look()
    })
  }

  #announce(event: RolloutEvent): void {
    this.#out$.next(event)
  }
}
