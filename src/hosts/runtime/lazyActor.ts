import {
  type Actor,
  type ActorOptions,
  type AnyActorRef,
  type AnyStateMachine,
  type SnapshotFrom,
  waitFor,
} from 'xstate'
import {
  below,
  type Clock,
  type Inspection,
  inspectSafely,
  type Logger,
  shownBelow,
  wrapClock,
} from '../../contract/index.js'
import { EffectQueue, startOwned } from '../../support/index.js'

export interface LazyActorOptions<Machine extends AnyStateMachine, Effect> {
  readonly clock: Clock
  readonly logger: Logger
  readonly inspect: Inspection | undefined
  /** Creates the actor, without starting it. */
  create(options: Pick<ActorOptions<Machine>, 'clock' | 'inspect'>): Actor<Machine>
  /** The actor runs. `shown` is the actor as an inspector sees it. */
  created?(shown: Actor<Machine>): void
  /** Performs one effect of the machine. */
  perform(effect: Effect): void
  /** The machine has come to rest; no effect has been performed yet. */
  decided(): void
  /** All effects have been performed. */
  performed(): void
}

/**
 * The actor of a runtime, and the queue of its effects. The first use creates the actor, because only then it is known below
 * which other actor an inspector shows it.
 */
export class LazyActor<Machine extends AnyStateMachine, Effect> {
  readonly #options: LazyActorOptions<Machine, Effect>
  readonly #effects: EffectQueue
  #actor: Actor<Machine> | undefined
  /** The actor that an inspector shows above this one. */
  #parent: AnyActorRef | undefined
  #inspect: Inspection | undefined

  constructor(options: LazyActorOptions<Machine, Effect>) {
    const { logger } = options
    this.#options = options
    this.#inspect = options.inspect
    this.#effects = new EffectQueue({
      decided: () => options.decided(),
      performed: () => options.performed(),
      failed: err => logger.error({ err }, 'an effect threw: please report this as a bug of cutover'),
    })
  }

  get snapshot(): SnapshotFrom<Machine> {
    return this.#running.getSnapshot()
  }

  /** Shows the actors of another system below this one; undefined without an inspector. */
  get inspectBelow(): Inspection | undefined {
    return this.#inspect === undefined ? undefined : below(this.#running, this.#inspect)
  }

  /** Sends an event, unless the machine is in a final state, and performs the effects. */
  send(event: Parameters<Actor<Machine>['send']>[0]): void {
    this.#effects.decide(() => {
      if (!hasEnded(this.snapshot)) this.#running.send(event)
    })
  }

  /** Resolves with the first snapshot that fits. */
  async waitFor(
    fits: (snapshot: SnapshotFrom<Machine>) => boolean,
    signal?: AbortSignal,
  ): Promise<SnapshotFrom<Machine>> {
    return waitFor(this.#running, fits, signal === undefined ? {} : { signal })
  }

  /** Shows the actor below `parent` in an inspector. An actor that runs already stays shown as a root. */
  showBelow(parent: AnyActorRef): void {
    if (this.#actor !== undefined) return
    this.#parent = parent
    if (this.#inspect !== undefined) this.#inspect = below(parent, this.#inspect)
  }

  get #running(): Actor<Machine> {
    return this.#actor ?? this.#start()
  }

  #start(): Actor<Machine> {
    const { clock, logger, create, created, perform } = this.#options
    const actor = create({
      clock: wrapClock(clock, fn => this.#effects.decide(fn)),
      ...inspectSafely(this.#inspect, logger),
    })
    this.#actor = startOwned(actor, { effects: this.#effects, perform })
    created?.(this.#parent === undefined ? actor : shownBelow(this.#parent, actor))
    return actor
  }
}

/** Whether the machine has come to its end. */
export function hasEnded(snapshot: { readonly status: string }): boolean {
  return snapshot.status !== 'active'
}
