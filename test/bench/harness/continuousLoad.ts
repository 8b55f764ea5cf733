import { setTimeout as delay } from 'node:timers/promises'
import type { Callable } from './load.js'
import { type CallTimes, Window } from './window.js'

/** ms: a call without an answer by then counts as lost. */
const ANSWER_TIMEOUT = 10_000

/** Loops that call one request after the other until they are stopped. */
export class ContinuousLoad<Req> {
  answered = 0
  failed = 0
  #isOver = false
  /** The answers since {@link observe} began; null outside of it. */
  #observed: CallTimes[] | null = null
  #onAnswer = () => {}
  /** When each loop issued its call in flight; undefined if it has none. */
  readonly #issued: (number | undefined)[] = []
  readonly #ended: Promise<unknown>

  constructor(target: Callable<Req, unknown>, request: Req, loops: number) {
    this.#ended = Promise.all(Array.from({ length: loops }, (_, loop) => this.#run(loop, target, request)))
  }

  get inFlight(): number {
    return this.#issued.filter(issued => issued !== undefined).length
  }

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
    await this.#answersTo(performance.now())
    this.#observed = null
    return new Window(answers, { opened, begin, closed: performance.now(), duration })
  }

  /** Resolves when every loop has its last answer, or when the missing ones count as lost. */
  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.race([this.#ended, delay(ANSWER_TIMEOUT, undefined, { ref: false })])
  }

  /** Resolves when all calls issued before `moment` are answered, or count as lost. */
  async #answersTo(moment: number): Promise<void> {
    const timer = delay(ANSWER_TIMEOUT, 'timeout', { ref: false })
    while (this.#issued.some(issued => issued !== undefined && issued < moment)) {
      const next = new Promise<void>(resolve => {
        this.#onAnswer = resolve
      })
      if ((await Promise.race([next, timer])) === 'timeout') return
    }
  }

  async #run(loop: number, target: Callable<Req, unknown>, request: Req): Promise<void> {
    while (!this.#isOver) {
      const issued = performance.now()
      this.#issued[loop] = issued
      try {
        await target.call(request)
        this.answered++
        this.#observed?.push({ issued, answered: performance.now() })
      } catch {
        this.failed++
        await delay(1)
      }
      this.#issued[loop] = undefined
      this.#onAnswer()
    }
  }
}
