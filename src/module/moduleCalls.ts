import { type CallOptions, CutoverError, type RuntimeModule } from '../contract/index.js'
import { flowOf, streamed } from '../streams/index.js'
import { isThenable } from '../support/index.js'
import { CallScope, CallScopes } from './callScopes.js'
import { yieldsAnswer } from './yieldsAnswer.js'

const RESOLVED = Promise.resolve()

/** The calls of a module that runs in the same process as its callers. */
export class ModuleCalls<Req, Res> {
  readonly #version: string
  readonly #scopes = new CallScopes()
  #module: RuntimeModule<Req, Res> | undefined
  #yieldsAnswer = false

  /** @param version - the version of the module, for errors */
  constructor(version: string) {
    this.#version = version
  }

  /** Routes all calls from now on to `module`. */
  open(module: RuntimeModule<Req, Res>): void {
    this.#module = module
    this.#yieldsAnswer = yieldsAnswer(module)
  }

  /**
   * Calls the module. On a full stack any function of ours may throw, so once the module has given its promise, only
   * built-ins run here. There is no closure either: it would cost every call a tenth.
   */
  call(request: Req, options: CallOptions | undefined): Res | Promise<Res> {
    const scope = new CallScope(this.#scopes, options?.traceparent)
    const signal = options?.signal ?? undefined
    if (signal !== undefined) return this.#callFollowing(signal, scope, request)
    try {
      const answer = this.#answer(request, scope)
      if (!(answer instanceof Promise) && !isThenable(answer)) {
        scope.answered(answer)
        return answer
      }
      // A promise of another library may repeat its work for each `then`, so it gets one only.
      const promise = answer instanceof Promise ? answer : Promise.resolve(answer)
      scope.answer = promise
      if (scope.listening !== undefined) {
        promise.then(scope.answered.bind(scope), scope.end.bind(scope))
      }
      return promise
    } catch (error) {
      // If the stack is full, `end` would overflow it again. The next turn has a new stack.
      RESOLVED.then(scope.end.bind(scope))
      throw error
    }
  }

  /** Fires the signal of every call in flight, then calls the module's `abort`. */
  async abort(): Promise<void> {
    const version = this.#version
    const message = `Version ${version} was asked to interrupt its work. Call again.`
    this.#scopes.interrupt(new CutoverError('CUTOVER_ABORTED', message, { version }))
    await this.#module?.abort?.()
  }

  /** Fires the signal of every call in flight, and stops listening to the callers' signals. */
  end(reason: Error): void {
    this.#scopes.interrupt(reason)
    this.#scopes.endAll()
  }

  #answer(request: Req, scope: CallScope): Res | Promise<Res> {
    const answer = this.#running.call(request, scope)
    return (this.#yieldsAnswer ? streamed(answer as AsyncIterable<unknown>) : answer) as Res | Promise<Res>
  }

  get #running(): RuntimeModule<Req, Res> {
    if (this.#module === undefined) throw notUp(this.#version)
    return this.#module
  }

  /** Settles when the module answers, or when the caller aborts, even if the module ignores its signal. */
  #callFollowing(signal: AbortSignal, scope: CallScope, request: Req): Promise<Res> {
    return new Promise((resolve, reject) => {
      const succeed = (answer: Res) => {
        // The caller has given up: nobody reads the stream.
        if (signal.aborted) flowOf(answer)?.stop('cancelled', signal.reason)
        scope.answered(answer)
        resolve(answer)
      }
      const fail = (error: unknown) => {
        scope.end()
        reject(error)
      }
      try {
        scope.follow(signal, reject)
        Promise.resolve(this.#answer(request, scope)).then(succeed, fail)
      } catch (error) {
        RESOLVED.then(() => fail(error))
      }
    })
  }
}

function notUp(version: string): Error {
  return new Error(`Version ${version} got a call before its start had finished. Wait for its started event.`)
}
