import { CutoverError } from '../errors.js'
import type { CallOptions } from '../runtime.js'
import { CallScope, CallScopes } from './callScope.js'
import type { LoaderConfig, RuntimeContext, RuntimeModule } from './runtimeModule.js'

/** One launch of a module, from its start to its stop. */
export class ModuleRun<Req, Res> {
  readonly #context: RuntimeContext
  /** Fires once, when the module is to stop. */
  readonly #lifetime = new AbortController()
  readonly #scopes = new CallScopes()
  #module: RuntimeModule<Req, Res> | undefined

  constructor(config: LoaderConfig) {
    const { id, version, localConfig = {} } = config
    const callHost = (request: unknown, options?: CallOptions) => answerModule(config, request, options)
    this.#context = { id, version, localConfig, signal: this.#lifetime.signal, callHost }
  }

  /** Loads the module and starts it; a run that was cancelled meanwhile is not started. */
  async launch(load: () => Promise<RuntimeModule<Req, Res>>): Promise<void> {
    const module = await load()
    this.#lifetime.signal.throwIfAborted()
    this.#module = module
    await module.start?.(this.#context)
  }

  /** Whether both runs are of one and the same module object, so that to stop one would stop the other. */
  shares(other: ModuleRun<Req, Res>): boolean {
    return this.#module !== undefined && this.#module === other.#module
  }

  call(request: Req, options: CallOptions | undefined): Res | Promise<Res> {
    const scope = new CallScope(this.#scopes)
    const signal = options?.signal ?? undefined
    if (signal !== undefined) return this.#callFollowing(signal, scope, request)
    const answer = this.#send(request, scope)
    const end = () => scope.end()
    if (answer instanceof Promise) answer.then(end, end)
    else end()
    return answer
  }

  /** Fires the signal of every call in flight, then asks the module. */
  async abort(): Promise<void> {
    const { version } = this.#context
    const message = `Version ${version} was asked to interrupt its work.`
    this.#scopes.interrupt(new CutoverError('CUTOVER_RUNTIME_LOST', message, { version }))
    await this.#module?.abort?.()
  }

  /** Tells the module that it is to stop, also while it starts. */
  cancel(reason: Error): void {
    this.#lifetime.abort(reason)
    this.#scopes.interrupt(reason)
    this.#scopes.endAll()
  }

  async stop(): Promise<void> {
    await this.#module?.stop?.()
  }

  #send(request: Req, scope: CallScope): Res | Promise<Res> {
    if (this.#module === undefined) throw new Error('A call reached a module before it was up.')
    return this.#module.call(request, scope)
  }

  /** The caller's abort ends the call at once, whether the module listens or not. */
  #callFollowing(signal: AbortSignal, scope: CallScope, request: Req): Promise<Res> {
    return new Promise((resolve, reject) => {
      scope.follow(signal, reject)
      const send = async () => this.#send(request, scope)
      send()
        .finally(() => scope.end())
        .then(resolve, reject)
    })
  }
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
