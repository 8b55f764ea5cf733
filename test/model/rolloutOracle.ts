import type { RolloutEvent } from 'cutover/machines'

/** The outcome of an order, as the promise of its `to()` tells it. */
export type Outcome = 'pending' | 'promoted' | `CUTOVER_${'REJECTED' | 'ROLLED_BACK' | 'SUPERSEDED' | 'CANCELLED'}`

/** An event of the machine, or the end of a timer. */
export type ModelEvent = RolloutEvent | { readonly type: `xstate.after.${string}` }

/** An order of the model, as far as its course depends on it. */
interface Ordered {
  readonly version: string
  readonly percents: readonly number[]
  readonly soaks: boolean
  outcome: Outcome
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  cancel: 'CUTOVER_CANCELLED',
  close: 'CUTOVER_CANCELLED',
  halted: 'CUTOVER_CANCELLED',
  interfered: 'CUTOVER_CANCELLED',
  rollBack: 'CUTOVER_ROLLED_BACK',
}
/** They change nothing for anybody. */
const QUIET: readonly string[] = [
  'up',
  'pause',
  'resume',
  'suspected',
  'promoted',
  'reverted',
  'left',
  'finished',
  'already',
]

/**
 * Facts that must hold for an aggregate with rollouts, whatever the statechart says: which versions are in place, their share,
 * and how each order ends. It knows the events, and not the machine.
 */
export class RolloutOracle {
  active = '1.0.0'
  share = 0
  readonly orders: Ordered[] = []
  /** The order under way. */
  #current: Ordered | undefined
  #step = -1
  #isPromoted = false
  #isCrossing = false
  #isSoaked = false

  /** The other version in place. */
  get next(): string | null {
    return this.#current === undefined ? null : this.#isPromoted ? this.#replaced : this.#current.version
  }

  #replaced = ''

  /** The versions in place, and how the orders have ended. */
  get facts() {
    return { active: this.active, next: this.next, share: this.share, outcomes: this.orders.map(it => it.outcome) }
  }

  order(version: string, percents: readonly number[], soaks: boolean): void {
    this.#end('CUTOVER_SUPERSEDED')
    this.#current = { version, percents, soaks, outcome: 'pending' }
    this.orders.push(this.#current)
  }

  /** `to()` for the active version. */
  orderAgain(): void {
    this.orders.push({ version: this.active, percents: [], soaks: false, outcome: 'promoted' })
  }

  happened(event: ModelEvent): void {
    if (event.type === 'verified') this.#pass(event.canCompare)
    else if (event.type === 'judged') {
      if (!event.canCompare || event.advance || event.verdict === 'healthy') this.#pass(event.canCompare)
    } else if (event.type === 'suspected') {
      this.#isCrossing = true
      this.share = 50
    } else if (event.type === 'soaked' && this.#isCrossing) this.#isSoaked = true
    else if (event.type === 'crossed' && !this.#isSoaked) this.#watch()
    else if (['soaked', 'crossed'].includes(event.type) || event.type.startsWith('xstate.after.soak')) this.#stay()
    else if (event.type === 'interfered' && this.#isPromoted) this.#end('CUTOVER_CANCELLED', this.#current?.version)
    else if (!QUIET.includes(event.type)) this.#end(OUTCOMES[event.type] ?? this.#failure)
  }

  get #failure(): Outcome {
    return this.#isPromoted ? 'CUTOVER_ROLLED_BACK' : 'CUTOVER_REJECTED'
  }

  #pass(canCompare: boolean): void {
    const { version = '', percents = [], soaks = false } = this.#current ?? {}
    this.#step += 1
    this.share = percents[this.#step] ?? 0
    if (canCompare && this.share > 0) return
    this.#replaced = this.active
    this.active = version
    this.#isPromoted = true
    this.share = 0
    if (!soaks) this.#stay()
  }

  #watch(): void {
    this.#isCrossing = false
    this.share = 0
  }

  #stay(): void {
    this.#end('promoted', this.active)
  }

  /** Ends the order under way. @param active - the version that serves then; the one before it, by default */
  #end(outcome: Outcome, active = this.#isPromoted ? this.#replaced : this.active): void {
    if (this.#current !== undefined) this.#current.outcome = outcome
    this.active = active
    this.#current = undefined
    this.#step = -1
    this.#isPromoted = false
    this.#isSoaked = false
    this.#watch()
  }
}
