import { type ActorRefFrom, createActor, type SnapshotFrom } from 'xstate'
import { type ModuleRunEffect, type ModuleRunEvent, moduleRunEffects, moduleRunMachine } from '../../machines/index.js'
import type { Logger, Role, RuntimeContext, RuntimeModule } from '../contract/index.js'
import { attempt, EffectQueue, performedByOwner, startOwned } from '../support/index.js'

/** The statechart of all module runs. */
const machine = moduleRunMachine.provide({ actions: performedByOwner(moduleRunEffects) })

/** How a run gets its module, and where it reports to. */
export interface ModuleRunOptions<Req, Res> {
  readonly logger: Logger
  load(): Promise<RuntimeModule<Req, Res>>
  /** Called when the module has loaded; its `start` follows. */
  loaded?(): void
  /** Called when the module's `start` has finished. */
  started(module: RuntimeModule<Req, Res>): void
  /** Called when the module did not come up, with the reason. */
  failed(error: unknown): void
  /** Called when the run is told to stop, before the module's `stop`. */
  interrupted(reason: Error): void
  /** Called once, at the end of a run that was told to stop. */
  ended(): void
  /** Whether the run may call the module's `stop`. @default true */
  mayStop?(): boolean
}

/** One run of a module in this program, from loading it to stopping it. */
export class ModuleRun<Req, Res> {
  readonly #options: ModuleRunOptions<Req, Res>
  readonly #effects: EffectQueue
  readonly #actor: ActorRefFrom<typeof moduleRunMachine>
  readonly #stopController = new AbortController()
  #context: RuntimeContext | undefined
  #module: RuntimeModule<Req, Res> | undefined

  constructor(options: ModuleRunOptions<Req, Res>) {
    this.#options = options
    this.#effects = new EffectQueue({
      failed: err => options.logger.error({ err }, 'an effect threw: please report this as a bug of cutover'),
    })
    this.#actor = startOwned(createActor(machine), {
      effects: this.#effects,
      perform: (effect: ModuleRunEffect) => this.#perform(effect),
    })
  }

  get state(): SnapshotFrom<typeof moduleRunMachine>['value'] {
    return this.#actor.getSnapshot().value
  }

  /** Fires when the module must stop. */
  get stopSignal(): AbortSignal {
    return this.#stopController.signal
  }

  /** The module, once it has loaded. */
  get module(): RuntimeModule<Req, Res> | undefined {
    return this.#module
  }

  /** The module, while it is up. */
  get running(): RuntimeModule<Req, Res> | undefined {
    return this.state === 'up' ? this.#module : undefined
  }

  /** Loads the module and starts it. A second call does nothing. */
  start(context: Omit<RuntimeContext, 'signal'>): void {
    this.#context ??= { ...context, signal: this.stopSignal }
    this.#send({ type: 'start' })
  }

  /** Ends the run: waits for a pending start, then stops the module. A second call does nothing. */
  stop(reason: Error): void {
    this.#send({ type: 'stop', reason })
  }

  /** Tells the module its role, while it is up. Logs what it throws; waits for nothing. */
  setRole(role: Role): void {
    attempt(
      () => this.running?.role?.(role),
      err => this.#options.logger.error({ err, role }, 'the module failed to take its role'),
    )
  }

  #send(event: ModuleRunEvent): void {
    this.#effects.decide(() => {
      if (this.state !== 'ended') this.#actor.send(event)
    })
  }

  #perform(effect: ModuleRunEffect): void {
    switch (effect.type) {
      case 'loadModule':
        this.#settle(this.#load(), 'loaded')
        break
      case 'startModule':
        this.#options.loaded?.()
        this.#settle(this.#start(), 'started')
        break
      case 'reportStarted':
        if (this.#module !== undefined) this.#options.started(this.#module)
        break
      case 'reportFailed':
        this.#options.failed(effect.error)
        break
      case 'reportCancelled':
        this.#options.failed(this.stopSignal.reason)
        break
      case 'interruptModule':
        this.#stopController.abort(effect.reason)
        this.#options.interrupted(effect.reason)
        break
      case 'stopModule':
        void this.#stop().then(() => this.#send({ type: 'stopped' }))
        break
      case 'reportEnded':
        this.#options.ended()
        break
    }
  }

  #settle(step: Promise<void>, type: 'loaded' | 'started'): void {
    step.then(
      () => this.#send({ type }),
      (error: unknown) => this.#send({ type: 'failed', error }),
    )
  }

  async #load(): Promise<void> {
    this.#module = await this.#options.load()
  }

  async #start(): Promise<void> {
    if (this.#context !== undefined) await this.#module?.start?.(this.#context)
  }

  async #stop(): Promise<void> {
    try {
      if (this.#options.mayStop?.() !== false) await this.#module?.stop?.()
    } catch (err) {
      this.#options.logger.warn({ err }, 'the module failed to stop')
    }
  }
}
