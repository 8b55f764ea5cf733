import type { Runtime } from 'cutover'
import type { Document } from './documents.js'
import type { Rendered, RenderRequest } from './markdown.js'
import { aborted, pause, within } from './waits.js'

/** The answer or the error of a call, and when it came, in ms since the start. */
export type Outcome =
  | { readonly at: number; readonly answer: Rendered }
  | { readonly at: number; readonly error: unknown }

export interface Call {
  readonly document: Document
  readonly sent: number
  /** The version that it was sent to; null while it waits. */
  version: string | null
  /** Null until the call settles. */
  outcome: Outcome | null
}

export interface Tally {
  answered: number
  failed: number
}

export interface LoadOptions {
  readonly target: Pick<Runtime<RenderRequest, Rendered>, 'call'>
  readonly documents: readonly Document[]
  readonly concurrency: number
  /** The time, in ms since the start. */
  now(): number
}

/** How long to wait for the last answers, in ms. A call without one by then is lost. */
const ANSWER_TIMEOUT = 10_000
/** The pause after a failed call, in ms, so that a runtime that fails at once does not block the event loop. */
const PAUSE_AFTER_FAILURE = 10

/** Sends one document after the other, `concurrency` calls at a time, and records the outcome of each. */
export class Load {
  /** The index is the id of the call. */
  readonly calls: Call[] = []
  /** By version. */
  readonly tallies = new Map<string, Tally>()
  readonly #options: LoadOptions
  #settled = 0
  #isOver = false

  constructor(options: LoadOptions) {
    this.#options = options
  }

  /** How many calls have been answered or have failed so far. */
  get settled(): number {
    return this.#settled
  }

  /** Sends calls until `work` settles, then waits for the last answers. @param ended - called in between */
  async during(work: Promise<unknown>, ended: () => void): Promise<void> {
    const end = new AbortController()
    const sending = this.#run(end.signal, ANSWER_TIMEOUT)
    try {
      await work
    } finally {
      end.abort()
      ended()
      await sending
    }
  }

  /** Sends until `signal` fires, then waits for the last answers. A call unsettled after `answerTimeout` ms is lost. */
  async #run(signal: AbortSignal, answerTimeout: number): Promise<void> {
    const senders = Promise.all(Array.from({ length: this.#options.concurrency }, () => this.#sendUntil(signal)))
    await aborted(signal)
    await within(answerTimeout, senders)
    this.#isOver = true
  }

  async #sendUntil(signal: AbortSignal): Promise<void> {
    const { documents, now } = this.#options
    while (!signal.aborted) {
      const id = this.calls.length
      const document = documents[id % documents.length]
      if (document === undefined) throw new Error('The load has no documents.')
      const call: Call = { document, sent: now(), version: null, outcome: null }
      this.calls.push(call)
      const hasFailed = await this.#send(id, call)
      if (hasFailed) await pause(PAUSE_AFTER_FAILURE)
    }
  }

  async #send(id: number, call: Call): Promise<boolean> {
    const { target, now } = this.#options
    try {
      const answer = await target.call(
        { id, path: call.document.path },
        { onVersion: version => (call.version = version) },
      )
      this.#settle(call, { at: now(), answer })
      return false
    } catch (error) {
      this.#settle(call, { at: now(), error })
      return true
    }
  }

  #settle(call: Call, outcome: Outcome): void {
    if (this.#isOver) return
    call.outcome = outcome
    this.#settled++
    if (call.version === null) return
    const tally = this.tallies.get(call.version) ?? { answered: 0, failed: 0 }
    this.tallies.set(call.version, tally)
    tally['error' in outcome ? 'failed' : 'answered']++
  }
}
