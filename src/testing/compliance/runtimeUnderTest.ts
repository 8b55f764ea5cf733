import assert from 'node:assert/strict'
import { first, firstValueFrom, type Subscription, switchMap } from 'rxjs'
import {
  type AbortOptions,
  type CallOptions,
  describe,
  type Role,
  type Runtime,
  type RuntimeEvent,
} from '../../contract/index.js'
import { isError } from '../../support/index.js'
import type { Deadline } from '../deadline.js'
import { inThisRealm } from './inThisRealm.js'
import type { ComplianceCounts, ComplianceRequest } from './requests.js'

type EventOf<T extends RuntimeEvent['type']> = Extract<RuntimeEvent, { type: T }>

/** Wraps a runtime for one case: records its events, and limits every wait by the deadline of the case. */
export class RuntimeUnderTest {
  readonly target: Runtime<ComplianceRequest, unknown>
  readonly #deadline: Deadline
  readonly #events: RuntimeEvent[] = []
  readonly #subscription: Subscription
  /** The number of events that {@link expectEvent} has consumed. */
  #consumed = 0
  #onEvent: () => void = () => {}

  constructor(target: Runtime, deadline: Deadline) {
    this.target = target as Runtime<ComplianceRequest, unknown>
    this.#deadline = deadline
    this.#subscription = target.watchEvents().subscribe(event => {
      this.#events.push(event)
      this.#onEvent()
    })
  }

  /** The types of all events so far. */
  get eventTypes(): string[] {
    return this.#events.map(({ type }) => type)
  }

  /** Waits for the next event, which must be of this type. */
  async expectEvent<T extends RuntimeEvent['type']>(type: T): Promise<EventOf<T>> {
    const before = this.eventTypes.slice(0, this.#consumed).join(', ') || 'none'
    await this.#deadline.wait(this.#received(this.#consumed), `the event "${type}" (events before it: ${before})`)
    const event = this.#events[this.#consumed++]
    assert.equal(event?.type, type, `Expected the event "${type}" after ${before}, but got "${event?.type}".`)
    return event as EventOf<T>
  }

  /** The events so far must have exactly these types, and no other may follow in the next turns of the event loop. */
  async expectAllEvents(types: readonly string[]): Promise<void> {
    for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(this.eventTypes, types, 'The runtime emitted other events than expected:')
  }

  /** Runs `act` synchronously inside the next event of this type, and gives its result. */
  runInside<T>(type: RuntimeEvent['type'], act: () => Promise<T>): Promise<T> {
    const result$ = this.target.watchEvents().pipe(
      first(event => event.type === type),
      switchMap(act),
    )
    const result = firstValueFrom(result$)
    result.catch(() => {})
    return result
  }

  async startAndWait(): Promise<void> {
    this.target.start()
    await this.expectEvent('started')
  }

  /** Makes a call. A rejection that the case does not look at is no unhandled rejection. */
  call(request: ComplianceRequest, options?: CallOptions): Promise<unknown> {
    const answer = this.target.call(request, options)
    answer.catch(() => {})
    return answer
  }

  /** Makes a call and waits for the answer. */
  request(request: ComplianceRequest, options?: CallOptions): Promise<unknown> {
    return this.answerOf(this.call(request, options), request.op)
  }

  async answerOf(call: Promise<unknown>, what: string): Promise<unknown> {
    return inThisRealm(await this.#deadline.wait(call, `the answer to the call "${what}"`))
  }

  /** The call must get this answer. */
  async expectAnswer(call: Promise<unknown>, what: string, answer: unknown): Promise<void> {
    assert.deepEqual(await this.answerOf(call, what), answer, `The call "${what}" got a wrong answer:`)
  }

  /** Makes a call, which must get its answer. */
  async expectEcho(): Promise<void> {
    await this.expectAnswer(this.call({ op: 'echo', value: 'hello' }), 'echo', 'hello')
  }

  /** The call must reject. Gives the reason. */
  async rejectionOf(call: Promise<unknown>, what: string): Promise<unknown> {
    const [outcome] = await this.#deadline.wait(Promise.allSettled([call]), `the call "${what}" to reject`)
    if (outcome.status === 'rejected') return outcome.reason
    assert.fail(`The call "${what}" must reject, but was answered: ${describe(outcome.value)}.`)
  }

  /** The call must reject with this reason. */
  async expectRejection(call: Promise<unknown>, what: string, reason: unknown): Promise<void> {
    assert.equal(await this.rejectionOf(call, what), reason, `The call "${what}" rejected with another reason:`)
  }

  /** The call must reject with CutoverError `CUTOVER_RUNTIME_LOST`. */
  async expectLost(call: Promise<unknown>, what: string): Promise<void> {
    const error = await this.rejectionOf(call, what)
    const code = isError(error) && 'code' in error ? error.code : undefined
    const message = `The call "${what}" must reject with CUTOVER_RUNTIME_LOST, but rejected with ${error}`
    assert.equal(code, 'CUTOVER_RUNTIME_LOST', message)
  }

  async counts(): Promise<ComplianceCounts> {
    return (await this.request({ op: 'seen' })) as ComplianceCounts
  }

  /** The module's counts must be these now. */
  async expectCounts(expected: ComplianceCounts): Promise<void> {
    assert.deepEqual(await this.counts(), expected, 'The module has other counts than expected:')
  }

  /** Waits until the module's counts are these. The module itself answers when they are. */
  async waitForCounts(expected: Partial<ComplianceCounts>): Promise<void> {
    const before = JSON.stringify(await this.counts())
    const what = `the counts ${JSON.stringify(expected)} of the module (at first ${before})`
    const counts = inThisRealm(await this.#deadline.wait(this.call({ op: 'seen', when: expected }), what))
    assert.deepEqual(
      { ...(counts as ComplianceCounts), ...expected },
      counts,
      `The module answered before it had ${what}:`,
    )
  }

  /** Tells the runtime a role. */
  setRole(role: Role): void {
    assert.ok(this.target.setRole, 'The runtime has no setRole(). Leave out the option "roles", or implement it.')
    this.target.setRole(role)
  }

  /** Calls the module, which must have heard these roles by then, since its last start. */
  async expectRoles(roles: readonly Role[]): Promise<void> {
    assert.deepEqual(await this.request({ op: 'roles' }), roles, 'The module has heard other roles than expected:')
  }

  async abort(options?: AbortOptions): Promise<void> {
    await this.#deadline.wait(this.target.abort(options), `abort(${JSON.stringify(options) ?? ''})`)
  }

  async stop(): Promise<void> {
    await this.#deadline.wait(Promise.resolve(this.target.stop()), 'stop()')
  }

  /** Stops the runtime and waits for `stopped`. @param deadline - that of the clean-up */
  async dispose(deadline: Deadline): Promise<void> {
    try {
      await deadline.wait(Promise.resolve(this.target.stop()), 'stop(), to clean up')
      while (this.eventTypes.at(-1) !== 'stopped') {
        await deadline.wait(this.#received(this.#events.length), 'the event "stopped", to clean up')
      }
    } finally {
      this.#subscription.unsubscribe()
    }
  }

  /** Resolves when the event with this index has been received. */
  #received(index: number): Promise<void> {
    if (this.#events.length > index) return Promise.resolve()
    return new Promise(resolve => {
      this.#onEvent = resolve
    })
  }
}
