import { types } from 'node:util'
import { Observable, type Observer, type Operator, Subscriber, type Subscription } from 'rxjs'

type Next<T> = (value: T) => void

/**
 * An observable whose subscribers may throw: that is reported to `onError`, and nobody else notices. By RxJS's default
 * it would end the process, one tick later, with an uncaught exception.
 */
export class SafeObservable<T> extends Observable<T> {
  readonly #onError: (error: unknown) => void

  constructor(source: Observable<T>, onError: (error: unknown) => void) {
    super(subscriber => source.subscribe(subscriber))
    this.#onError = onError
  }

  override subscribe(observerOrNext?: Partial<Observer<T>> | Next<T>): Subscription
  override subscribe(next?: Next<T> | null, error?: Next<unknown> | null, complete?: (() => void) | null): Subscription
  override subscribe(
    first?: Partial<Observer<T>> | Next<T> | null,
    error?: Next<unknown> | null,
    complete?: (() => void) | null,
  ): Subscription {
    // The subscriber of an operator hands errors on to whoever subscribed behind the operator.
    if (isSubscriber(first)) return super.subscribe(first)
    const observer = typeof first === 'object' && first !== null ? first : { error, complete }
    const next = typeof first === 'function' ? first : (value: T) => (observer as Partial<Observer<T>>).next?.(value)
    return super.subscribe(new SafeSubscriber(next, observer, this.#onError))
  }

  /** What operators make of it is safe too. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new SafeObservable<R>(this as unknown as Observable<R>, this.#onError)
    lifted.source = this
    lifted.operator = operator
    return lifted
  }
}

/** How a stream may end, for one that listens. */
interface Ends {
  error?: Next<unknown> | null | undefined
  complete?: (() => void) | null | undefined
}

/** Calls what was subscribed without anything between: an event may go to ten thousand of them. */
class SafeSubscriber<T> extends Subscriber<T> {
  readonly #onNext: (value: T) => unknown
  readonly #ends: Ends
  readonly #onError: (error: unknown) => void

  constructor(onNext: (value: T) => unknown, ends: Ends, onError: (error: unknown) => void) {
    super()
    this.#onNext = onNext
    this.#ends = ends
    this.#onError = onError
  }

  protected override _next(value: T): void {
    const onNext = this.#onNext
    try {
      const result = onNext(value)
      // An async function is taken for a subscriber too.
      if (result !== undefined && types.isPromise(result)) Promise.resolve(result).catch(this.#onError)
    } catch (error) {
      this.#onError(error)
    }
  }

  protected override _error(thrown: unknown): void {
    this.#end(() => this.#ends.error?.(thrown))
  }

  protected override _complete(): void {
    this.#end(() => this.#ends.complete?.())
  }

  #end(say: () => unknown): void {
    try {
      const result = say()
      if (result !== undefined && types.isPromise(result)) Promise.resolve(result).catch(this.#onError)
    } catch (error) {
      this.#onError(error)
    } finally {
      this.unsubscribe()
    }
  }
}

/** Also one of another copy of RxJS. */
function isSubscriber<T>(value: unknown): value is Subscriber<T> {
  if (value instanceof Subscriber) return true
  const candidate = value as Partial<Subscriber<T>> | null | undefined
  return typeof candidate?.add === 'function' && typeof candidate.unsubscribe === 'function'
}
