/// <reference lib="esnext.disposable" preserve="true" />
import type { Observable, Subscription } from 'rxjs'
import { onAbort } from '../abortListeners.js'
import { asError } from '../errors.js'
import type { RuntimeEvent } from '../runtime.js'
import { durationOrInfinity, invalidOption, signalOf } from '../validate.js'
import { formatEvent, formatEvents } from './formatEvent.js'

/** An aggregate, a runtime, or any other source of runtime events. */
export interface EventSource {
  /** The events to record. */
  watchEvents(): Observable<RuntimeEvent>
}

/** Selects an event: by its type, by its type and version (`started 2.0.0`), or by a predicate. */
export type EventMatch = string | ((event: RuntimeEvent) => boolean)

/** The options of `EventRecorder.next`. */
export interface NextEventOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined
  /** In ms; Infinity for no limit. @default 4_000 */
  readonly timeout?: number | undefined
}

/**
 * Records the events of an aggregate or a runtime, from now on.
 *
 * ```ts
 * using recorder = recordEvents(aggregate)
 * aggregate.start()
 * await recorder.next('started 1.0.0')
 * expect(recorder.take()).toEqual(['started 1.0.0', 'configUpdated'])
 * ```
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`: `source` has no `watchEvents()`; and any error of `watchEvents()`
 */
export function recordEvents(source: EventSource): EventRecorder {
  const given = source as Partial<EventSource> | null | undefined
  if (typeof given?.watchEvents !== 'function') {
    throw invalidOption('source', 'an object with watchEvents(), such as an Aggregate', source)
  }
  return new EventRecorder(source.watchEvents())
}

/** The result of {@link recordEvents}. */
export class EventRecorder implements Disposable {
  readonly #events: RuntimeEvent[] = []
  /** One for each pending `next()`. Gets each new event, and nothing when the recording ends. */
  readonly #checks = new Set<(event?: RuntimeEvent) => void>()
  readonly #subscription: Subscription
  /** The index at which `next()` starts to search. */
  #cursor = 0
  /** Why no further event is recorded. */
  #end: { readonly reason: string; readonly cause?: unknown } | undefined

  /** Use {@link recordEvents}. */
  constructor(events$: Observable<RuntimeEvent>) {
    this.#subscription = events$.subscribe({
      next: event => {
        this.#events.push(event)
        this.#checkAll(event)
      },
      error: (cause: unknown) => this.#close(`the stream failed (${asError(cause).message})`, cause),
      complete: () => this.#close('the stream ended'),
    })
  }

  /** The events so far, or since the last {@link take}: a copy, to which later events are not added. */
  get events(): readonly RuntimeEvent[] {
    return [...this.#events]
  }

  /** The same events in short form: `started 1.0.0`, `configUpdated`. */
  get texts(): string[] {
    return this.#events.map(formatEvent)
  }

  /** Removes the recorded events, and gives their short forms. */
  take(): string[] {
    this.#cursor = 0
    return this.#events.splice(0).map(formatEvent)
  }

  /**
   * Waits for the next event that matches. Resolves at once if it is already recorded: the search starts after the event
   * that `next` gave last, or after what {@link take} removed. So you cannot miss an event by waiting for it too late.
   *
   * @param match - a type, a type and version, or a predicate
   * @throws (rejects) an Error that lists the events that came instead: none matched in time, the signal fired (its reason
   * is the `cause`), the stream failed or ended, or the recorder was stopped; CutoverError `CUTOVER_INVALID_OPTION`
   */
  async next(match: EventMatch, options: NextEventOptions = {}): Promise<RuntimeEvent> {
    const matches = predicateOf(match)
    const signal = signalOf(options)
    const timeout = durationOrInfinity('timeout', options.timeout, 4_000)
    const received = this.#events.slice(this.#cursor)
    return new Promise((resolve, reject) => {
      const fail = (reason: string, cause?: unknown) => {
        cleanUp()
        const message = `${describeMatch(match)} did not arrive: ${reason}. Events received: ${formatEvents(received)}.`
        reject(new Error(message, cause === undefined ? undefined : { cause }))
      }
      const check = (event?: RuntimeEvent) => {
        if (event !== undefined) received.push(event)
        const index = this.#find(matches, thrown => fail('the predicate threw', thrown))
        const found = this.#events[index]
        if (found !== undefined) {
          cleanUp()
          this.#cursor = index + 1
          resolve(found)
        } else if (this.#end !== undefined) fail(this.#end.reason, this.#end.cause)
        else if (signal?.aborted === true) fail('the signal fired', signal.reason)
      }
      const removeListener = signal === undefined ? undefined : onAbort(signal, () => check())
      const isLimited = timeout !== Number.POSITIVE_INFINITY
      const timer = isLimited ? setTimeout(() => fail(`timed out after ${timeout} ms`), timeout) : undefined
      const cleanUp = () => {
        this.#checks.delete(check)
        clearTimeout(timer)
        removeListener?.()
      }
      this.#checks.add(check)
      check()
    })
  }

  /** Stops the recording and rejects every pending `next()`. The recorded events stay. */
  stop(): void {
    this.#subscription.unsubscribe()
    this.#close('the recorder was stopped')
  }

  /** The same as {@link stop}, for `using`. */
  [Symbol.dispose](): void {
    this.stop()
  }

  #find(matches: (event: RuntimeEvent) => boolean, onError: (thrown: unknown) => void): number {
    try {
      return this.#events.findIndex((event, i) => i >= this.#cursor && matches(event))
    } catch (thrown) {
      onError(thrown)
      return -1
    }
  }

  #close(reason: string, cause?: unknown): void {
    this.#end ??= { reason, cause }
    this.#checkAll()
  }

  #checkAll(event?: RuntimeEvent): void {
    for (const check of [...this.#checks]) check(event)
  }
}

function predicateOf(match: EventMatch): (event: RuntimeEvent) => boolean {
  if (typeof match === 'function') return match
  if (typeof match === 'string') return event => event.type === match || formatEvent(event) === match
  throw invalidOption('match', 'a type of event, a type and version, or a function', match)
}

function describeMatch(match: EventMatch): string {
  return typeof match === 'string' ? `The event "${match}"` : 'An event that matches the predicate'
}
