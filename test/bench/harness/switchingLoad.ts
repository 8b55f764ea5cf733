import { SMALL } from '../contenders.js'
import { Lanes } from './lanes.js'
import { ProcessVersions } from './processVersions.js'

const AT_ONCE = 64

/** Process hosts under load, with a switch a second. */
export class SwitchingLoad implements AsyncDisposable {
  readonly #versions = new ProcessVersions()
  failed = 0
  lost = 0

  start(): Promise<void> {
    return this.#versions.start()
  }

  /** Calls for so long. @returns calls/s */
  async run(seconds: number): Promise<number> {
    const lanes = new Lanes(this.#versions.aggregate, SMALL.make(), AT_ONCE)
    const begin = performance.now()
    for (let second = 1; second <= seconds; second++) {
      await (await this.#versions.prepare())()
      await new Promise(resolve => setTimeout(resolve, begin + second * 1_000 - performance.now()))
    }
    const rate = (lanes.answered / (performance.now() - begin)) * 1_000
    await lanes.stop()
    this.failed += lanes.failed
    this.lost += lanes.open
    return rate
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#versions[Symbol.asyncDispose]()
  }
}
