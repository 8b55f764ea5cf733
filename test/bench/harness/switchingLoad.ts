import { SMALL } from '../payloads.js'
import { ContinuousLoad } from './continuousLoad.js'
import { ProcessVersions } from './processVersions.js'

const AT_ONCE = 64

/** Load on process hosts, with one switch per second. */
export class SwitchingLoad implements AsyncDisposable {
  readonly #versions = new ProcessVersions()
  failed = 0
  lost = 0

  start(): Promise<void> {
    return this.#versions.start()
  }

  /** Runs the load. @returns calls/s */
  async run(seconds: number): Promise<number> {
    const load = new ContinuousLoad(this.#versions.aggregate, SMALL.make(), AT_ONCE)
    const begin = performance.now()
    for (let second = 1; second <= seconds; second++) {
      await (await this.#versions.prepare())()
      await new Promise(resolve => setTimeout(resolve, begin + second * 1_000 - performance.now()))
    }
    const rate = (load.answered / (performance.now() - begin)) * 1_000
    await load.stop()
    this.failed += load.failed
    this.lost += load.inFlight
    return rate
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#versions[Symbol.asyncDispose]()
  }
}
