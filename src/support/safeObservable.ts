import { types } from 'node:util'
import { Observable, type Observer, type Operator, Subscriber, type Subscription } from 'rxjs'

type Next<T> = (value: T) => void

/**
 * An observable that reports the errors of its subscribers to `onError`. By default RxJS rethrows them one tick later, as
 * an uncaught exception that ends the process.
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
    // An operator's subscriber passes errors on to the subscribers behind it.
    if (isSubscriber(first)) return super.subscribe(first)
    const observer = typeof first === 'object' && first !== null ? first : { error, complete }
    const next = typeof first === 'function' ? first : (value: T) => (observer as Partial<Observer<T>>).next?.(value)
    return super.subscribe(new SafeSubscriber(next, observer, this.#onError))
  }

  /** Makes the observables that operators return safe, too. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new SafeObservable<R>(this as unknown as Observable<R>, this.#onError)
    lifted.source = this
    lifted.operator = operator
    return lifted
  }
}

/** The callbacks for the end of a stream. */
interface Ends {
  error?: Next<unknown> | null | undefined
  complete?: (() => void) | null | undefined
}

/** Calls the subscribed function directly, because an event may go to ten thousand subscribers. */
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
      // A subscriber may be an async function.
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

/** Checks for a `Subscriber` of any copy of RxJS. */
function isSubscriber<T>(value: unknown): value is Subscriber<T> {
  if (value instanceof Subscriber) return true
  const candidate = value as Partial<Subscriber<T>> | null | undefined
  return typeof candidate?.add === 'function' && typeof candidate.unsubscribe === 'function'
}
