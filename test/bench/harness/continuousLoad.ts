import { setTimeout as delay } from 'node:timers/promises'
import type { Callable } from './load.js'
import { ObservedLoad } from './observedLoad.js'

/** Loops that call one request after the other until they are stopped. */
export class ContinuousLoad<Req> extends ObservedLoad {
  #isOver = false
  /** When each loop issued its call in flight; undefined if it has none. */
  readonly #issued: (number | undefined)[] = []

  constructor(target: Callable<Req, unknown>, request: Req, loops: number) {
    super()
    for (let loop = 0; loop < loops; loop++) void this.#run(loop, target, request)
  }

  get inFlight(): number {
    return this.#issued.filter(issued => issued !== undefined).length
  }

  stop(): Promise<void> {
    this.#isOver = true
    return this.settled(Number.POSITIVE_INFINITY)
  }

  protected hasIssuedBefore(moment: number): boolean {
    return this.#issued.some(issued => issued !== undefined && issued < moment)
  }

  async #run(loop: number, target: Callable<Req, unknown>, request: Req): Promise<void> {
    while (!this.#isOver) {
      const issued = performance.now()
      this.#issued[loop] = issued
      try {
        await target.call(request)
        this.noteAnswer(issued)
      } catch {
        this.failed++
        await delay(1)
      }
      this.#issued[loop] = undefined
      this.noteSettled()
    }
  }
}
