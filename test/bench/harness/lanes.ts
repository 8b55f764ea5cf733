import { setTimeout as delay } from 'node:timers/promises'
import type { Callable } from './load.js'

/** ms: what has not been answered by then counts as lost. */
const PATIENCE = 10_000

/** One answer: when its call was issued and when it came, in ms. */
interface Answer {
  readonly issued: number
  readonly answered: number
}

/** A load that goes on until it is stopped: lanes that call one after the other. */
export class Lanes<Req> {
  answered = 0
  failed = 0
  #isOver = false
  /** While somebody looks. */
  #seen: Answer[] | null = null
  #onAnswer = () => {}
  /** When each lane issued the call that it waits for; undefined if it waits for none. */
  readonly #pending: (number | undefined)[] = []
  readonly #ended: Promise<unknown>

  constructor(subject: Callable<Req, unknown>, request: Req, lanes: number) {
    this.#ended = Promise.all(Array.from({ length: lanes }, (_, lane) => this.#run(lane, subject, request)))
  }

  /** How many calls have neither been answered nor failed. */
  get open(): number {
    return this.#pending.filter(issued => issued !== undefined).length
  }

  /**
   * Looks at what comes while `during` runs, and for `margin` ms before and after, and until all calls that were issued
   * meanwhile have been answered.
   */
  async watch(margin: number, during: () => Promise<unknown>): Promise<Window> {
    const answers: Answer[] = []
    this.#seen = answers
    const opened = performance.now()
    await delay(margin)
    const begin = performance.now()
    await during()
    const duration = performance.now() - begin
    await delay(margin)
    await this.#answersTo(performance.now())
    this.#seen = null
    return new Window(answers, { opened, begin, closed: performance.now(), duration })
  }

  /** Resolves when every lane has had its last answer, or when it is certain that one has none. */
  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.race([this.#ended, delay(PATIENCE, undefined, { ref: false })])
  }

  /** Resolves when all calls issued before `moment` have been answered, or count as lost. */
  async #answersTo(moment: number): Promise<void> {
    const timer = delay(PATIENCE, 'over', { ref: false })
    while (this.#pending.some(issued => issued !== undefined && issued < moment)) {
      const next = new Promise<void>(resolve => {
        this.#onAnswer = resolve
      })
      if ((await Promise.race([next, timer])) === 'over') return
    }
  }

  async #run(lane: number, subject: Callable<Req, unknown>, request: Req): Promise<void> {
    while (!this.#isOver) {
      const issued = performance.now()
      this.#pending[lane] = issued
      try {
        await subject.call(request)
        this.answered++
        this.#seen?.push({ issued, answered: performance.now() })
      } catch {
        this.failed++
        await delay(1)
      }
      this.#pending[lane] = undefined
      this.#onAnswer()
    }
  }
}

interface Moments {
  /** When the watch began. */
  readonly opened: number
  /** When what was watched began. */
  readonly begin: number
  /** When the watch ended. */
  readonly closed: number
  /** How long what was watched took, in ms. */
  readonly duration: number
}

/** What came around one moment. */
export class Window {
  readonly #answers: readonly Answer[]
  readonly #moments: Moments

  constructor(answers: readonly Answer[], moments: Moments) {
    this.#answers = answers
    this.#moments = moments
  }

  /** How long what was watched took, in ms. */
  get duration(): number {
    return this.#moments.duration
  }

  /** The longest time without an answer, in ms. */
  get longestGap(): number {
    const { opened, closed } = this.#moments
    let longest = 0
    let last = opened
    for (const { answered } of this.#answers) {
      longest = Math.max(longest, answered - last)
      last = answered
    }
    return Math.max(longest, closed - last)
  }

  /** How long the calls took that were issued less than `within` ms before or after, in ms. */
  latencies(within: number): number[] {
    const near = this.#answers.filter(({ issued }) => Math.abs(issued - this.#moments.begin) <= within)
    return near.map(({ issued, answered }) => answered - issued)
  }
}
