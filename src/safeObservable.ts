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
    const observer = typeof first === 'object' && first !== null ? first : undefined
    return super.subscribe({
      next: value => this.#attempt(() => (typeof first === 'function' ? first(value) : observer?.next?.(value))),
      error: thrown => this.#attempt(() => (observer === undefined ? error?.(thrown) : observer.error?.(thrown))),
      complete: () => this.#attempt(() => (observer === undefined ? complete?.() : observer.complete?.())),
    })
  }

  /** What operators make of it is safe too. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new SafeObservable<R>(this as unknown as Observable<R>, this.#onError)
    lifted.source = this
    lifted.operator = operator
    return lifted
  }

  #attempt(act: () => unknown): void {
    try {
      const result = act()
      // An async function is taken for a subscriber too.
      if (result instanceof Promise) result.catch(this.#onError)
    } catch (error) {
      this.#onError(error)
    }
  }
}

/** Also one of another copy of RxJS. */
function isSubscriber<T>(value: unknown): value is Subscriber<T> {
  if (value instanceof Subscriber) return true
  const candidate = value as Partial<Subscriber<T>> | null | undefined
  return typeof candidate?.add === 'function' && typeof candidate.unsubscribe === 'function'
}
