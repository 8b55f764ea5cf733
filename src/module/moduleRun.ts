import { onAbort } from '../abortListeners.js'
import { CutoverError } from '../errors.js'
import type { CallOptions } from '../runtime.js'
import { isThenable } from '../thenable.js'
import { CallScope, CallScopes } from './callScope.js'
import type { RuntimeContext, RuntimeModule } from './runtimeModule.js'

/** Of what a run is told; the rest of its context it makes itself. */
export interface RunConfig extends Omit<RuntimeContext, 'signal' | 'callHost'> {
  /** Answers the module's `callHost`; `signal` fires when nobody waits for it any more. */
  askHost(request: unknown, signal: AbortSignal): Promise<unknown>
}

/**
 * A request to the host that is under way. Its signal fires with any of those it follows; one that has fired before does
 * not count, so that a module that stops may still ask.
 */
class Asking {
  readonly #controller = new AbortController()
  readonly #unfollow: readonly (() => void)[]

  constructor(signals: readonly (AbortSignal | undefined)[]) {
    this.#unfollow = signals
      .filter(signal => signal !== undefined)
      .map(signal => onAbort(signal, () => this.#controller.abort(signal.reason)))
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  end(): void {
    for (const unfollow of this.#unfollow) unfollow()
  }
}

const SETTLED = Promise.resolve()

/** One launch of a module in this process, from its start to its stop. */
export class ModuleRun<Req, Res> {
  readonly #context: RuntimeContext
  /** Fires once, when the module is to stop. */
  readonly #lifetime = new AbortController()
  readonly #scopes = new CallScopes()
  #module: RuntimeModule<Req, Res> | undefined

  constructor({ askHost, ...config }: RunConfig) {
    const { signal } = this.#lifetime
    const callHost = async (request: unknown, options?: CallOptions) => {
      options?.signal?.throwIfAborted()
      const asking = new Asking([signal, options?.signal])
      return askHost(request, asking.signal).finally(() => asking.end())
    }
    this.#context = { ...config, signal, callHost }
  }

  /** Loads the module; a run that was cancelled meanwhile goes no further. */
  async load(load: () => Promise<RuntimeModule<Req, Res>>): Promise<void> {
    const module = await load()
    this.#lifetime.signal.throwIfAborted()
    this.#module = module
  }

  async start(): Promise<void> {
    await this.#module?.start?.(this.#context)
  }

  /** Whether both runs are of one and the same module object, so that to stop one would stop the other. */
  shares(other: ModuleRun<Req, Res>): boolean {
    return this.#module !== undefined && this.#module === other.#module
  }

  call(request: Req, options: CallOptions | undefined): Res | Promise<Res> {
    const scope = new CallScope(this.#scopes)
    const signal = options?.signal ?? undefined
    if (signal !== undefined) return this.#callFollowing(signal, scope, request)
    const end = () => scope.end()
    try {
      const answer = this.#send(request, scope)
      if (!(answer instanceof Promise) && !isThenable(answer)) {
        end()
        return answer
      }
      // A promise of another library may do its work anew for everyone who asks: it is asked once.
      const promise = answer instanceof Promise ? answer : Promise.resolve(answer)
      promise.then(end, end)
      return promise
    } catch (error) {
      // A stack that is full has no room for `end`; the next turn has.
      SETTLED.then(end)
      throw error
    }
  }

  /** Fires the signal of every call in flight, then asks the module. */
  async abort(): Promise<void> {
    const { version } = this.#context
    const message = `Version ${version} was asked to interrupt its work; call again.`
    this.#scopes.interrupt(new CutoverError('CUTOVER_ABORTED', message, { version }))
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
      const succeed = (answer: Res) => {
        scope.end()
        resolve(answer)
      }
      const fail = (error: unknown) => {
        scope.end()
        reject(error)
      }
      try {
        scope.follow(signal, reject)
        Promise.resolve(this.#send(request, scope)).then(succeed, fail)
      } catch (error) {
        SETTLED.then(() => fail(error))
      }
    })
  }
}
