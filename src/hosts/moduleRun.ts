import { CutoverError } from '../errors.js'
import type { CallOptions } from '../runtime.js'
import type { CallContext, LoaderConfig, RuntimeContext, RuntimeModule } from './runtimeModule.js'

/** One launch of a module, from its start to its stop. */
export class ModuleRun<Req, Res> {
  readonly context: RuntimeContext
  /** Fires once, when the module is to stop. */
  readonly #lifetime = new AbortController()
  /** Fires at each interruption; then there is a new one. */
  #interruption = new AbortController()
  /** Of calls that have a signal of their own, joined with the interruption. */
  readonly #linked = new Set<AbortController>()
  #callContext: CallContext = { signal: this.#interruption.signal }
  #module: RuntimeModule<Req, Res> | undefined

  constructor(config: LoaderConfig) {
    const { id, version, localConfig = {} } = config
    const callHost = (request: unknown, options?: CallOptions) => answerModule(config, request, options)
    this.context = { id, version, localConfig, signal: this.#lifetime.signal, callHost }
  }

  /** Loads the module and starts it; a run that was cancelled meanwhile is not started. */
  async launch(load: () => Promise<RuntimeModule<Req, Res>>): Promise<void> {
    const module = await load()
    this.#lifetime.signal.throwIfAborted()
    this.#module = module
    await module.start?.(this.context)
  }

  /** Whether both runs are of one and the same module object, so that to stop one would stop the other. */
  shares(other: ModuleRun<Req, Res>): boolean {
    return this.#module !== undefined && this.#module === other.#module
  }

  /** Without a signal of its own a call shares the run's: nothing to set up, nothing to take down. */
  call(request: Req, options: CallOptions | undefined): Res | Promise<Res> {
    const module = this.#module
    if (module === undefined) throw new Error('A call reached a module before it was up.')
    const signal = options?.signal ?? undefined
    return signal === undefined ? module.call(request, this.#callContext) : this.#callLinked(module, request, signal)
  }

  /** Fires the signal of every call in flight, then asks the module. */
  async abort(): Promise<void> {
    const message = `Version ${this.context.version} was asked to interrupt its work.`
    this.#interrupt(new CutoverError('CUTOVER_RUNTIME_LOST', message, { version: this.context.version }))
    await this.#module?.abort?.()
  }

  /** Tells the module that it is to stop, also while it starts. */
  cancel(reason: Error): void {
    this.#lifetime.abort(reason)
    this.#interrupt(reason)
  }

  async stop(): Promise<void> {
    await this.#module?.stop?.()
  }

  #interrupt(reason: Error): void {
    const interrupted = [this.#interruption, ...this.#linked]
    this.#interruption = new AbortController()
    this.#callContext = { signal: this.#interruption.signal }
    for (const controller of interrupted) controller.abort(reason)
  }

  /**
   * The caller's abort ends the call at once, whether the module listens or not. By hand, because `AbortSignal.any` would
   * keep something of every call for as long as the run lives.
   */
  #callLinked(module: RuntimeModule<Req, Res>, request: Req, signal: AbortSignal): Promise<Res> {
    return new Promise((resolve, reject) => {
      const controller = new AbortController()
      const giveUp = () => {
        controller.abort(signal.reason)
        reject(signal.reason)
      }
      const unlink = () => {
        this.#linked.delete(controller)
        signal.removeEventListener('abort', giveUp)
      }
      controller.signal.addEventListener('abort', unlink)
      signal.addEventListener('abort', giveUp)
      this.#linked.add(controller)
      answerOf(module, request, controller.signal).finally(unlink).then(resolve, reject)
    })
  }
}

async function answerOf<Req, Res>(module: RuntimeModule<Req, Res>, request: Req, signal: AbortSignal): Promise<Res> {
  return module.call(request, { signal })
}

async function answerModule(
  { onHostRequest, version }: LoaderConfig,
  request: unknown,
  options: CallOptions | undefined,
): Promise<unknown> {
  options?.signal?.throwIfAborted()
  if (onHostRequest === undefined) {
    const message = `Version ${version} asked its host for something, but its config has no onHostRequest.`
    throw new CutoverError('CUTOVER_UNHANDLED_HOST_REQUEST', message, { version })
  }
  return onHostRequest(request, { signal: options?.signal ?? new AbortController().signal })
}
