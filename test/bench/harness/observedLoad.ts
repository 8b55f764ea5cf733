import { setTimeout as delay } from 'node:timers/promises'
import { type CallTimes, Window } from './window.js'

/** ms: a call without an answer by then counts as lost. */
const ANSWER_TIMEOUT = 10_000

/** Calls that are made until they are stopped, and what became of them. */
export abstract class ObservedLoad {
  answered = 0
  failed = 0
  /** The answers since {@link observe} began; null outside of it. */
  #observed: CallTimes[] | null = null
  #onSettled = () => {}

  abstract readonly inFlight: number

  /** Whether a call is in flight that was issued before this moment. */
  protected abstract hasIssuedBefore(moment: number): boolean

  /** Makes no more calls. Resolves when those in flight are settled, or count as lost. */
  abstract stop(): Promise<void>

  /**
   * Records the answers while `action` runs, for `margin` ms before and after it, and until every call issued in that
   * time is answered.
   */
  async observe(margin: number, action: () => Promise<unknown>): Promise<Window> {
    const answers: CallTimes[] = []
    this.#observed = answers
    const opened = performance.now()
    await delay(margin)
    const begin = performance.now()
    await action()
    const duration = performance.now() - begin
    await delay(margin)
    await this.settled(performance.now())
    this.#observed = null
    return new Window(answers, { opened, begin, closed: performance.now(), duration })
  }

  protected noteAnswer(issued: number): void {
    this.answered++
    this.#observed?.push({ issued, answered: performance.now() })
  }

  /** A call is not in flight any more. */
  protected noteSettled(): void {
    this.#onSettled()
  }

  /** Resolves when all calls issued before `moment` are settled, or count as lost. */
  protected async settled(moment: number): Promise<void> {
    const timer = delay(ANSWER_TIMEOUT, 'timeout', { ref: false })
    while (this.hasIssuedBefore(moment)) {
      const next = new Promise<void>(resolve => {
        this.#onSettled = resolve
      })
      if ((await Promise.race([next, timer])) === 'timeout') return
    }
  }
}
