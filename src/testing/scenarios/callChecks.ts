import assert from 'node:assert/strict'
import type { Aggregate } from '../../aggregate.js'
import { asError, describe, isCutoverError } from '../../errors.js'
import { isError } from '../../realms.js'
import type { Deadline } from '../deadline.js'
import type { BufferedRuntime } from './bufferedRuntime.js'
import type { CompiledScenarios } from './options.js'

interface SentCall {
  readonly answer: Promise<unknown>
  /** Each call has its own signal, which identifies it when it reaches a runtime. */
  readonly signal: AbortSignal
}

/** How many waiting calls are made at once: enough to check their order. */
const WAITING_CALLS = 3

/** Makes the calls of a scenario, and checks that the right version answers each of them, once. */
export class CallChecks {
  readonly #aggregate: Aggregate
  readonly #options: CompiledScenarios
  readonly #deadline: Deadline
  /** All runtimes of the scenario. */
  readonly #runtimes: readonly BufferedRuntime[]
  readonly #end = new AbortController()
  #waiting: SentCall[] = []

  constructor(
    aggregate: Aggregate,
    options: CompiledScenarios,
    deadline: Deadline,
    runtimes: readonly BufferedRuntime[],
  ) {
    this.#aggregate = aggregate
    this.#options = options
    this.#deadline = deadline
    this.#runtimes = runtimes
  }

  /** Makes a call. @returns a function that checks that this version has answered it */
  send(): (version: string) => Promise<void> {
    const call = this.#send()
    return version => this.#expectAnswer(call, version)
  }

  /** Makes calls that wait for an active version. */
  sendWaiting(): void {
    for (let i = 0; i < WAITING_CALLS; i++) this.#waiting.push(this.#send())
  }

  /** How many of the waiting calls are not answered yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** The version must get the waiting calls in their order, and answer them. */
  async expectWaitingAnswered(version: string): Promise<void> {
    const calls = this.#waiting.splice(0)
    for (const call of calls) await this.#expectAnswer(call, version)
    const signals = new Set<AbortSignal | undefined>(calls.map(({ signal }) => signal))
    const received = this.#receivedBy(version).filter(signal => signals.has(signal))
    assert.deepEqual(
      received.map(signal => calls.findIndex(call => call.signal === signal)),
      calls.map((_, i) => i),
      `The waiting calls did not reach version ${version} in their order:`,
    )
  }

  /** The waiting calls, and new ones, must reject with `CUTOVER_DISPOSED`. */
  async expectClosed(): Promise<void> {
    this.sendWaiting()
    for (const { answer } of this.#waiting.splice(0)) {
      const outcome = await this.#outcomeOf(answer, 'a call after dispose() to reject')
      if (outcome.status === 'rejected' && isCutoverError(outcome.reason, 'CUTOVER_DISPOSED')) continue
      assert.fail(`A call after dispose() must reject with CUTOVER_DISPOSED, but ${describeOutcome(outcome)}.`)
    }
  }

  /** Aborts every call that is not settled. */
  abortAll(): void {
    this.#end.abort(new Error('The scenario has ended.'))
  }

  #send(): SentCall {
    const signal = AbortSignal.any([this.#end.signal])
    const answer = this.#aggregate.call(this.#options.request, { signal })
    answer.catch(() => {})
    return { answer, signal }
  }

  async #expectAnswer({ answer, signal }: SentCall, version: string): Promise<void> {
    const outcome = await this.#outcomeOf(answer, `version ${version} to answer a call`)
    if (outcome.status === 'rejected') {
      const message = `Version ${version} must answer a call, but the call ${describeOutcome(outcome)}.`
      throw new Error(message, { cause: outcome.reason })
    }
    const receivers = this.#runtimes.flatMap(({ version, received }) =>
      received.filter(it => it === signal).map(() => version),
    )
    assert.deepEqual(receivers, [version], 'A call must reach the active version, once. It reached:')
    await this.#checkAnswer(outcome.value, version)
  }

  async #checkAnswer(answer: unknown, version: string): Promise<void> {
    const message = `Version ${version} gave a wrong answer (${describe(answer)})`
    const checked = (async () => this.#options.check(answer, version))()
    const verdict = await this.#deadline.wait(checked, `check() of an answer of ${version}`).catch((cause: unknown) => {
      throw new Error(`${message}: ${asError(cause).message}`, { cause })
    })
    if (verdict === false) throw new Error(`${message}: check() returned false.`)
  }

  async #outcomeOf(answer: Promise<unknown>, what: string): Promise<PromiseSettledResult<unknown>> {
    const [outcome] = await this.#deadline.wait(Promise.allSettled([answer]), what)
    return outcome
  }

  #receivedBy(version: string): (AbortSignal | undefined)[] {
    return this.#runtimes.filter(runtime => runtime.version === version).flatMap(({ received }) => received)
  }
}

function describeOutcome(outcome: PromiseSettledResult<unknown>): string {
  if (outcome.status === 'fulfilled') return `was answered: ${describe(outcome.value)}`
  return `rejected: ${isError(outcome.reason) ? asError(outcome.reason) : describe(outcome.reason)}`
}
