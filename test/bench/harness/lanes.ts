import type { Callable } from './load.js'

/** One answer: when its call was issued and when it came, in ms. */
interface Answer {
  readonly issued: number
  readonly answered: number
}

/** A load that goes on until it is stopped: lanes that call one after the other. */
export class Lanes<Req> {
  answered = 0
  failed = 0
  #issued = 0
  #isOver = false
  /** While somebody looks. */
  #seen: Answer[] | null = null
  readonly #ended: Promise<unknown>

  constructor(subject: Callable<Req, unknown>, request: Req, lanes: number) {
    this.#ended = Promise.all(Array.from({ length: lanes }, () => this.#lane(subject, request)))
  }

  /** How many calls have neither been answered nor failed. */
  get open(): number {
    return this.#issued - this.answered - this.failed
  }

  /** Looks at what comes while `during` runs, and for `margin` ms before and after. */
  async watch(margin: number, during: () => Promise<unknown>): Promise<Window> {
    const answers: Answer[] = []
    this.#seen = answers
    await sleep(margin)
    const begin = performance.now()
    await during()
    const duration = performance.now() - begin
    await sleep(margin)
    this.#seen = null
    return new Window(answers, begin, duration)
  }

  /** Resolves when every lane has had its last answer. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#ended
  }

  async #lane(subject: Callable<Req, unknown>, request: Req): Promise<void> {
    while (!this.#isOver) {
      const issued = performance.now()
      this.#issued++
      try {
        await subject.call(request)
        this.answered++
        this.#seen?.push({ issued, answered: performance.now() })
      } catch {
        this.failed++
        await sleep(1)
      }
    }
  }
}

/** What came around one moment. */
export class Window {
  readonly #answers: readonly Answer[]
  readonly #begin: number
  /** How long what was watched took, in ms. */
  readonly duration: number

  constructor(answers: readonly Answer[], begin: number, duration: number) {
    this.#answers = answers
    this.#begin = begin
    this.duration = duration
  }

  /** The longest time between two answers, in ms. */
  get longestGap(): number {
    let longest = 0
    let last = this.#answers[0]?.answered ?? 0
    for (const { answered } of this.#answers) {
      longest = Math.max(longest, answered - last)
      last = answered
    }
    return longest
  }

  /** How long the calls took that were issued less than `within` ms before or after, in ms. */
  latencies(within: number): number[] {
    const near = this.#answers.filter(({ issued }) => Math.abs(issued - this.#begin) <= within)
    return near.map(({ issued, answered }) => answered - issued)
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
