/// <reference lib="esnext.disposable" preserve="true" />
import type { Observable, Subscription } from 'rxjs'
import { onAbort } from '../abortListeners.js'
import { asError } from '../errors.js'
import type { RuntimeEvent } from '../runtime.js'
import { durationOrInfinity, invalidOption, signalOf } from '../validate.js'
import { formatEvent, formatEvents } from './formatEvent.js'

/** An aggregate, a runtime, or anything else that says what happens to it. */
export interface EventSource {
  /** The stream to record. */
  watchEvents(): Observable<RuntimeEvent>
}

/** Which event: its type, its type and version (`started 2.0.0`), or a question about it. */
export type EventMatch = string | ((event: RuntimeEvent) => boolean)

/** How long to wait for an event. */
export interface NextEventOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined
  /** In ms; Infinity for none. @default 4_000 */
  readonly timeout?: number | undefined
}

/**
 * Writes down what an aggregate or a runtime says, from now on.
 *
 * ```ts
 * using recorder = recordEvents(aggregate)
 * aggregate.start()
 * await recorder.next('started 1.0.0')
 * expect(recorder.take()).toEqual(['started 1.0.0', 'configUpdated'])
 * ```
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`: `source` has no `watchEvents()`; and what that throws
 */
export function recordEvents(source: EventSource): EventRecorder {
  const given = source as Partial<EventSource> | null | undefined
  if (typeof given?.watchEvents !== 'function') {
    throw invalidOption('source', 'an object with watchEvents(), such as an Aggregate', source)
  }
  return new EventRecorder(source.watchEvents())
}

/** What {@link recordEvents} gives. */
export class EventRecorder implements Disposable {
  readonly #events: RuntimeEvent[] = []
  readonly #waiting = new Set<(event?: RuntimeEvent) => void>()
  readonly #subscription: Subscription
  /** How many of the events `next` has passed. */
  #passed = 0
  /** Why no further event will come. */
  #end: { readonly reason: string; readonly cause?: unknown } | undefined

  /** Use {@link recordEvents}. */
  constructor(events$: Observable<RuntimeEvent>) {
    this.#subscription = events$.subscribe({
      next: event => {
        this.#events.push(event)
        this.#wake(event)
      },
      error: (cause: unknown) => this.#close(`the stream failed (${asError(cause).message})`, cause),
      complete: () => this.#close('the stream ended'),
    })
  }

  /** What was said so far, or since the last {@link take}; what is said later is not added to it. */
  get events(): readonly RuntimeEvent[] {
    return [...this.#events]
  }

  /** The same in short: `started 1.0.0`, `configUpdated`. */
  get texts(): string[] {
    return this.#events.map(formatEvent)
  }

  /** Gives the short texts of what was said, and forgets it. */
  take(): string[] {
    this.#passed = 0
    return this.#events.splice(0).map(formatEvent)
  }

  /**
   * The next event that matches, at once if it has come already: the search begins behind the event that `next` gave
   * last, or behind what {@link take} took. So nothing is missed that is said before you wait for it.
   *
   * @param match - a type, a type and version, or a predicate
   * @throws (rejects) an Error that tells what came instead: in time none matched, the signal fired (its reason is the
   * `cause`), the stream failed or ended, or the recorder was stopped; CutoverError `CUTOVER_INVALID_OPTION`
   */
  async next(match: EventMatch, options: NextEventOptions = {}): Promise<RuntimeEvent> {
    const matches = matcherOf(match)
    const signal = signalOf(options)
    const timeout = durationOrInfinity('timeout', options.timeout, 4_000)
    const came = this.#events.slice(this.#passed)
    return new Promise((resolve, reject) => {
      const fail = (reason: string, cause?: unknown) => {
        forget()
        const message = `Waited for ${nameOf(match)}, in vain: ${reason}. What came: ${formatEvents(came)}.`
        reject(new Error(message, cause === undefined ? undefined : { cause }))
      }
      const look = (said?: RuntimeEvent) => {
        if (said !== undefined) came.push(said)
        const index = this.#find(matches, thrown => fail('its predicate threw', thrown))
        const event = this.#events[index]
        if (event !== undefined) {
          forget()
          this.#passed = index + 1
          resolve(event)
        } else if (this.#end !== undefined) fail(this.#end.reason, this.#end.cause)
        else if (signal?.aborted === true) fail('the signal fired', signal.reason)
      }
      const unlisten = signal === undefined ? undefined : onAbort(signal, () => look())
      const isLimited = timeout !== Number.POSITIVE_INFINITY
      const timer = isLimited ? setTimeout(() => fail(`the ${timeout} ms are over`), timeout) : undefined
      const forget = () => {
        this.#waiting.delete(look)
        clearTimeout(timer)
        unlisten?.()
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** Records no more; whoever waits gets an error. What was recorded stays. */
  stop(): void {
    this.#subscription.unsubscribe()
    this.#close('the recorder was stopped')
  }

  /** For `using`: the same as {@link stop}. */
  [Symbol.dispose](): void {
    this.stop()
  }

  #find(matches: (event: RuntimeEvent) => boolean, failed: (thrown: unknown) => void): number {
    try {
      return this.#events.findIndex((event, i) => i >= this.#passed && matches(event))
    } catch (thrown) {
      failed(thrown)
      return -1
    }
  }

  #close(reason: string, cause?: unknown): void {
    this.#end ??= { reason, cause }
    this.#wake()
  }

  #wake(said?: RuntimeEvent): void {
    for (const look of [...this.#waiting]) look(said)
  }
}

function matcherOf(match: EventMatch): (event: RuntimeEvent) => boolean {
  if (typeof match === 'function') return match
  if (typeof match === 'string') return event => event.type === match || formatEvent(event) === match
  throw invalidOption('match', 'a type of event, a type and version, or a function', match)
}

function nameOf(match: EventMatch): string {
  return typeof match === 'string' ? `the event "${match}"` : 'an event that matches'
}
