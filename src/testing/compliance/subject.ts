import assert from 'node:assert/strict'
import { first, firstValueFrom, type Subscription, switchMap } from 'rxjs'
import { describe } from '../../errors.js'
import { isError } from '../../realms.js'
import type { AbortOptions, CallOptions, Runtime, RuntimeEvent } from '../../runtime.js'
import type { Patience } from '../patience.js'
import { inThisRealm } from './inThisRealm.js'
import type { ComplianceCounts, ComplianceRequest } from './requests.js'

type EventOf<T extends RuntimeEvent['type']> = Extract<RuntimeEvent, { type: T }>

/** A runtime under test: it keeps its events in order, and every wait for it ends. */
export class Subject {
  readonly runtime: Runtime<ComplianceRequest, unknown>
  readonly #patience: Patience
  readonly #events: RuntimeEvent[] = []
  readonly #subscription: Subscription
  /** How many of the events were expected so far. */
  #expected = 0
  #wake: () => void = () => {}

  constructor(runtime: Runtime, patience: Patience) {
    this.runtime = runtime as Runtime<ComplianceRequest, unknown>
    this.#patience = patience
    this.#subscription = runtime.watchEvents().subscribe(event => {
      this.#events.push(event)
      this.#wake()
    })
  }

  /** The types of all events so far. */
  get events(): string[] {
    return this.#events.map(({ type }) => type)
  }

  /** The next event, which has to be of this type. */
  async expectEvent<T extends RuntimeEvent['type']>(type: T): Promise<EventOf<T>> {
    const before = this.events.slice(0, this.#expected).join(', ') || 'nothing'
    await this.#patience.for(this.#arrived(this.#expected), `the event "${type}" (before it: ${before})`)
    const event = this.#events[this.#expected++]
    assert.equal(event?.type, type, `Expected the event "${type}" after ${before}, but got "${event?.type}".`)
    return event as EventOf<T>
  }

  /** All there was: nothing is said behind the events that were expected, and these are all there were. */
  async expectNoMore(types: readonly string[]): Promise<void> {
    for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(this.events, types, 'Other events than expected:')
  }

  /** Acts in the very moment of the next event of this type, and gives what came of it. */
  on<T>(type: RuntimeEvent['type'], act: () => Promise<T>): Promise<T> {
    const moment$ = this.runtime.watchEvents().pipe(
      first(event => event.type === type),
      switchMap(act),
    )
    const result = firstValueFrom(moment$)
    result.catch(() => {})
    return result
  }

  /** Starts it and waits until it is up. */
  async up(): Promise<this> {
    this.runtime.start()
    await this.expectEvent('started')
    return this
  }

  /** A call that may reject without being looked at, as calls do that a failed case leaves behind. */
  call(request: ComplianceRequest, options?: CallOptions): Promise<unknown> {
    const answer = this.runtime.call(request, options)
    answer.catch(() => {})
    return answer
  }

  /** The answer to a call. */
  answer(request: ComplianceRequest, options?: CallOptions): Promise<unknown> {
    return this.answerOf(this.call(request, options), request.op)
  }

  async answerOf(call: Promise<unknown>, what: string): Promise<unknown> {
    return inThisRealm(await this.#patience.for(call, `the answer to the call "${what}"`))
  }

  /** Calls are answered. */
  async expectService(): Promise<void> {
    assert.equal(await this.answer({ op: 'echo', value: 'at your service' }), 'at your service')
  }

  /** What a call rejects with; it has to reject. */
  async rejectionOf(call: Promise<unknown>, what: string): Promise<unknown> {
    const settled = call.then(
      value => ({ value }),
      (reason: unknown) => ({ reason }),
    )
    const outcome = await this.#patience.for(settled, `the call "${what}" to reject`)
    if ('reason' in outcome) return outcome.reason
    assert.fail(`The call "${what}" should have rejected, but was answered: ${describe(outcome.value)}.`)
  }

  /** The call has to reject with CutoverError `CUTOVER_RUNTIME_LOST`. */
  async expectLost(call: Promise<unknown>, what: string): Promise<void> {
    const error = await this.rejectionOf(call, what)
    const code = isError(error) && 'code' in error ? error.code : undefined
    const message = `The call "${what}" should have rejected with CUTOVER_RUNTIME_LOST, not with ${error}`
    assert.equal(code, 'CUTOVER_RUNTIME_LOST', message)
  }

  async counts(): Promise<ComplianceCounts> {
    return (await this.answer({ op: 'seen' })) as ComplianceCounts
  }

  /** Waits until the module itself has seen this: it says so. */
  async untilSeen(expected: Partial<ComplianceCounts>): Promise<void> {
    const before = JSON.stringify(await this.counts())
    const what = `the module to have seen ${JSON.stringify(expected)} (at first it had seen ${before})`
    const counts = inThisRealm(await this.#patience.for(this.call({ op: 'seen', when: expected }), what))
    assert.deepEqual({ ...(counts as ComplianceCounts), ...expected }, counts, `Waited for ${what}, and was told:`)
  }

  async abort(options?: AbortOptions): Promise<void> {
    await this.#patience.for(this.runtime.abort(options), `abort(${JSON.stringify(options) ?? ''})`)
  }

  async stop(): Promise<void> {
    await this.#patience.for(Promise.resolve(this.runtime.stop()), 'stop()')
  }

  /** Whatever has become of it: afterwards nothing of it is left. `patience` is that of the cleaning up. */
  async dispose(patience: Patience): Promise<void> {
    try {
      await patience.for(Promise.resolve(this.runtime.stop()), 'stop(), to clean up')
      while (this.events.at(-1) !== 'stopped') {
        await patience.for(this.#arrived(this.#events.length), 'the event "stopped", to clean up')
      }
    } finally {
      this.#subscription.unsubscribe()
    }
  }

  #arrived(index: number): Promise<void> {
    if (this.#events.length > index) return Promise.resolve()
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}
