import { type MonoTypeOperatorFunction, Observable, Subject, Subscription } from 'rxjs'
import type { Gate } from '../../machines/index.js'
import type { RuntimeEvent } from '../contract/index.js'
import { SafeObservable } from '../support/index.js'

/**
 * Gates a version's events by its role (rules 11 and 12): `capture` keeps only the last `started`, `hold` keeps all events in
 * order, and `pass` releases the kept events and passes on all later ones. Back at `capture`, the last `started` is kept again, as
 * long as the version runs (rule 25).
 */
export function captureAndRelease(gate$: Observable<Gate>): MonoTypeOperatorFunction<RuntimeEvent> {
  return source =>
    new Observable(subscriber => {
      let gate: Gate = 'capture'
      let kept: RuntimeEvent[] = []
      /** The last `started` at any gate, for when the version makes way in a swap. */
      let last: readonly RuntimeEvent[] = []
      let ended = false
      const settle = () => {
        if (gate === 'pass') {
          const released = kept
          kept = []
          for (const event of released) subscriber.next(event)
        }
        if (ended && gate !== 'hold') subscriber.complete()
      }
      subscriber.add(
        gate$.subscribe(value => {
          gate = value
          if (gate === 'capture') kept = [...last]
          settle()
        }),
      )
      subscriber.add(
        source.subscribe({
          next: event => {
            last = capture(last, event)
            if (gate === 'pass') subscriber.next(event)
            else if (gate === 'hold') kept.push(event)
            else kept = [...last]
          },
          error: error => subscriber.error(error),
          complete: () => {
            ended = true
            settle()
          },
        }),
      )
    })
}

/** Keeps the last `started` of a next version: `updated` refreshes it, `stopped` drops it. */
function capture(kept: readonly RuntimeEvent[], event: RuntimeEvent): readonly RuntimeEvent[] {
  if (event.type === 'started') return [event]
  if (event.type === 'stopped') return []
  const [last] = kept
  if (event.type !== 'updated' || last?.type !== 'started') return kept
  const { type, version } = last
  return [event.capabilityTEE === undefined ? { type, version } : { type, version, capabilityTEE: event.capabilityTEE }]
}

/** The stream behind `watchEvents`: merges the versions' streams with the aggregate's own events. Hot. */
export class EventHub {
  readonly #out$ = new Subject<RuntimeEvent>()
  readonly #children = new Subscription()
  readonly #events$: Observable<RuntimeEvent>

  constructor(onError: (error: unknown) => void) {
    this.#events$ = new SafeObservable(this.#out$, onError)
  }

  /** Merges the stream of one version, until it completes. */
  add(child$: Observable<RuntimeEvent>): void {
    this.#children.add(child$.subscribe(event => this.#out$.next(event)))
  }

  announce(event: RuntimeEvent): void {
    this.#out$.next(event)
  }

  watch(): Observable<RuntimeEvent> {
    return this.#events$
  }

  close(): void {
    this.#children.unsubscribe()
    this.#out$.complete()
  }
}
