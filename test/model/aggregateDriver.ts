import type { AggregateEvent, AggregateSnapshot, aggregateMachine, Handover } from 'cutover/machines'
import { expectedStatus } from '../../src/testing/scenarios/index.js'
import { CheckedAggregate, expectSame } from './checkedAggregate.js'
import type { Driver, Step } from './runEverything.js'
import { TransitionRecorder } from './transitionRecorder.js'

/** Applies the events of the machine to a real aggregate and its oracle. After each step all three must agree. */
export class AggregateDriver implements Driver<typeof aggregateMachine> {
  readonly #checked: CheckedAggregate
  readonly #recorder = new TransitionRecorder()

  constructor(handover: Handover) {
    const limits = { handover, drainTimeout: 5_000, stopTimeout: 30_000, waitTimeout: 30_000, maxWaitingCalls: 0 }
    this.#checked = new CheckedAggregate(limits, this.#recorder.inspect)
  }

  async take({ event, to }: Step<typeof aggregateMachine>) {
    this.#recorder.take()
    const code = this.#perform(event)
    await this.#checked.expectAgreement()
    expectSame('status, by the machine', this.#checked.status(), statusIn(to))
    return code === null ? this.#recorder.take() : null
  }

  end(): Promise<void> {
    return this.#checked.end()
  }

  #perform(event: AggregateEvent): string | null {
    switch (event.type) {
      case 'start':
        return this.#checked.start()
      case 'addVersion':
        return this.#checked.add(event.version)
      case 'removeVersion':
        return this.#checked.remove(event.version)
      case 'setVersion':
        this.#checked.setVersion(event.active, event.next, false, event.promote)
        return null
      case 'swap':
        return this.#checked.swap()
      case 'setShare':
        return this.#checked.setShare(event.percent)
      case 'stop':
      case 'dispose':
        this.#checked[event.type]()
        return null
      case 'version.running':
        this.#checked.report(event.version, 'started')
        return null
      case 'version.failed':
        this.#checked.report(event.version, 'failedToStart')
        return null
      case 'version.lost':
      case 'version.stopped':
        this.#checked.report(event.version, 'stopped')
        return null
    }
  }
}

/** The result that `status()` must have in a state of the machine, if there are no calls. */
function statusIn(state: AggregateSnapshot): ReturnType<CheckedAggregate['status']> {
  const { versions, ...status } = expectedStatus(state)
  const known = Object.entries(versions).map(([version, its]) => `${version} ${its}`)
  return { ...status, versions: known, inFlight: 0, waiting: 0 }
}
