import assert from 'node:assert/strict'
import type { Aggregate } from '../../aggregate.js'
import { describe, type ErrorCode, isCutoverError } from '../../errors.js'
import type { Patience } from '../patience.js'
import type { GatedRuntime } from './gatedRuntime.js'
import type { CompiledScenarios } from './options.js'

/** A call that is under way. */
interface Sent {
  readonly answer: Promise<unknown>
  /** Tells it from all others, also on the other side of the aggregate. */
  readonly signal: AbortSignal
}

/** How many calls are made at once that wait: enough to see in which order they go out. */
const WAITING = 3

/** The calls that a scenario makes: each must be answered once, by the right version, or be refused for good. */
export class Calls {
  readonly #aggregate: Aggregate
  readonly #options: CompiledScenarios
  readonly #patience: Patience
  /** Every runtime that there was. */
  readonly #runtimes: readonly GatedRuntime[]
  readonly #end = new AbortController()
  #waiting: Sent[] = []

  constructor(aggregate: Aggregate, options: CompiledScenarios, patience: Patience, runtimes: readonly GatedRuntime[]) {
    this.#aggregate = aggregate
    this.#options = options
    this.#patience = patience
    this.#runtimes = runtimes
  }

  /** Makes a call. @returns to be called when the version must have answered it */
  send(): (version: string) => Promise<void> {
    const sent = this.#send()
    return version => this.#expectAnswer(sent, version)
  }

  /** Makes calls that wait until a version serves. */
  wait(): void {
    for (let i = 0; i < WAITING; i++) this.#waiting.push(this.#send())
  }

  /** How many calls were made that wait, and are not answered yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** The calls that waited must have been sent to this version, in their order, and be answered. */
  async expectWaitingAnswered(version: string): Promise<void> {
    const waited = this.#waiting.splice(0)
    for (const sent of waited) await this.#expectAnswer(sent, version)
    const signals = new Set<AbortSignal | undefined>(waited.map(({ signal }) => signal))
    const arrived = this.#received(version).filter(signal => signals.has(signal))
    assert.deepEqual(
      arrived.map(signal => waited.findIndex(sent => sent.signal === signal)),
      waited.map((_, i) => i),
      `The calls that waited did not reach version ${version} in their order:`,
    )
  }

  /** The calls that waited must have been refused with this code, and new ones too. @param when - for messages */
  async expectRefused(code: ErrorCode, when: string): Promise<void> {
    this.wait()
    for (const { answer } of this.#waiting.splice(0)) {
      const outcome = await this.#patience.for(outcomeOf(answer), `a call ${when} to be rejected`)
      if ('reason' in outcome && isCutoverError(outcome.reason, code)) continue
      assert.fail(`A call ${when} must reject with ${code}, but ${textOf(outcome)}.`)
    }
  }

  /** Nobody waits for an answer any more. */
  end(): void {
    this.#end.abort(new Error('The scenario is over.'))
  }

  #send(): Sent {
    // One signal each.
    const signal = AbortSignal.any([this.#end.signal])
    const answer = this.#aggregate.call(this.#options.request, { signal })
    answer.catch(() => {})
    return { answer, signal }
  }

  async #expectAnswer({ answer, signal }: Sent, version: string): Promise<void> {
    const outcome = await this.#patience.for(outcomeOf(answer), `version ${version} to answer a call`)
    if ('reason' in outcome) {
      const message = `A call that version ${version} should have answered ${textOf(outcome)}.`
      throw new Error(message, { cause: outcome.reason })
    }
    const times = this.#runtimes.flatMap(({ version, received }) =>
      received.filter(it => it === signal).map(() => version),
    )
    assert.deepEqual(times, [version], 'A call must go to the active version, once. It went to:')
    const checked = this.#patience.for(this.#check(outcome.value, version), `check() of an answer of ${version}`)
    const verdict = await checked.catch((cause: unknown) => {
      throw new Error(`${wrong(version, outcome.value)}: ${cause instanceof Error ? cause.message : cause}`, { cause })
    })
    if (verdict === false) throw new Error(`${wrong(version, outcome.value)}: check() gave false.`)
  }

  async #check(answer: unknown, version: string): Promise<unknown> {
    return this.#options.check(answer, version)
  }

  #received(version: string): (AbortSignal | undefined)[] {
    return this.#runtimes.filter(runtime => runtime.version === version).flatMap(({ received }) => received)
  }
}

type Outcome = { readonly value: unknown } | { readonly reason: unknown }

function outcomeOf(answer: Promise<unknown>): Promise<Outcome> {
  return answer.then(
    value => ({ value }),
    (reason: unknown) => ({ reason }),
  )
}

function textOf(outcome: Outcome): string {
  if ('value' in outcome) return `was answered: ${describe(outcome.value)}`
  return `was rejected: ${outcome.reason instanceof Error ? outcome.reason : describe(outcome.reason)}`
}

function wrong(version: string, answer: unknown): string {
  return `Version ${version} did not answer as it should (${describe(answer)})`
}
