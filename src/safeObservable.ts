import { Observable, type Observer, Subscriber, type Subscription } from 'rxjs'

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
    if (first instanceof Subscriber) return super.subscribe(first)
    const observer = typeof first === 'object' && first !== null ? first : undefined
    return super.subscribe({
      next: value => this.#attempt(() => (typeof first === 'function' ? first(value) : observer?.next?.(value))),
      error: thrown => this.#attempt(() => (observer === undefined ? error?.(thrown) : observer.error?.(thrown))),
      complete: () => this.#attempt(() => (observer === undefined ? complete?.() : observer.complete?.())),
    })
  }

  #attempt(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#onError(error)
    }
  }
}
