import type { Runtime } from 'cutover'
import type { Document } from './documents.js'
import type { Rendered, RenderRequest } from './markdown.js'
import { aborted, pause, within } from './waits.js'

/** Times are in ms since the start. */
export type Outcome =
  | { readonly at: number; readonly answer: Rendered }
  | { readonly at: number; readonly error: unknown }

export interface Call {
  readonly document: Document
  readonly sent: number
  /** Null until it is answered or has failed. */
  outcome: Outcome | null
}

export interface LoadOptions {
  readonly target: Pick<Runtime<RenderRequest, Rendered>, 'call'>
  readonly documents: readonly Document[]
  readonly concurrency: number
  /** The time, in ms since the start. */
  now(): number
}

/** After a failed call, in ms: a runtime that fails at once must not keep the event loop to itself. */
const BREATHER = 10

/** Calls, one document after the other, so many at once, and notes what becomes of each. */
export class Load {
  /** By id, in the order in which they were sent. */
  readonly calls: Call[] = []
  readonly #options: LoadOptions
  #settled = 0
  #isOver = false

  constructor(options: LoadOptions) {
    this.#options = options
  }

  /** How many calls were answered or failed so far. */
  get settled(): number {
    return this.#settled
  }

  /** Keeps sending until `signal` fires, then waits for the last answers; what is unsettled after `patience` ms is lost. */
  async run(signal: AbortSignal, patience: number): Promise<void> {
    const lanes = Promise.all(Array.from({ length: this.#options.concurrency }, () => this.#sendUntil(signal)))
    await aborted(signal)
    await within(patience, lanes)
    this.#isOver = true
  }

  async #sendUntil(signal: AbortSignal): Promise<void> {
    const { documents, now } = this.#options
    while (!signal.aborted) {
      const id = this.calls.length
      const document = documents[id % documents.length]
      if (document === undefined) throw new Error('There are no documents to call with.')
      const call: Call = { document, sent: now(), outcome: null }
      this.calls.push(call)
      const hasFailed = await this.#send(id, call)
      if (hasFailed) await pause(BREATHER)
    }
  }

  async #send(id: number, call: Call): Promise<boolean> {
    const { target, now } = this.#options
    try {
      const answer = await target.call({ id, path: call.document.path })
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
  }
}
