import type { AggregateEvent, AggregateSnapshot, aggregateMachine, Handover } from 'cutover/machines'
import { expectedStatus } from '../../src/testing/scenarios/index.js'
import type { Driver, Step } from './runEverything.js'
import { Taken } from './taken.js'
import { same, Twin } from './twin.js'

/** Does to a real aggregate and its oracle what the events of the machine say; after each step all three must agree. */
export class AggregateDriver implements Driver<typeof aggregateMachine> {
  readonly #twin: Twin
  readonly #taken = new Taken()

  constructor(handover: Handover) {
    const limits = { handover, drainTimeout: 5_000, stopTimeout: 30_000, waitTimeout: 30_000, maxWaitingCalls: 0 }
    this.#twin = new Twin(limits, this.#taken.inspect)
  }

  async take({ event, to }: Step<typeof aggregateMachine>) {
    this.#taken.take()
    const code = this.#perform(event)
    await this.#twin.agree()
    same('status, by the machine', this.#twin.status(), statusIn(to))
    return code === null ? this.#taken.take() : null
  }

  end(): Promise<void> {
    return this.#twin.end()
  }

  #perform(event: AggregateEvent): string | null {
    switch (event.type) {
      case 'start':
        return this.#twin.start()
      case 'addVersion':
        return this.#twin.add(event.version)
      case 'removeVersion':
        return this.#twin.remove(event.version)
      case 'setVersion':
        this.#twin.setVersion(event.active, event.next)
        return null
      case 'stop':
      case 'dispose':
        this.#twin[event.type]()
        return null
      case 'version.running':
        this.#twin.report(event.version, 'started')
        return null
      case 'version.lost':
      case 'version.stopped':
        this.#twin.report(event.version, 'stopped')
        return null
    }
  }
}

/** What `status()` must say in a state of the machine, when there are no calls. */
function statusIn(state: AggregateSnapshot): ReturnType<Twin['status']> {
  const { versions, ...status } = expectedStatus(state)
  const known = Object.entries(versions).map(([version, its]) => `${version} ${its}`)
  return { ...status, versions: known, inFlight: 0, waiting: 0 }
}
