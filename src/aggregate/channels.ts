import { channel } from 'node:diagnostics_channel'
import { type AggregateSnapshot, stateOf } from '../../machines/index.js'
import {
  EVENT_CHANNEL,
  type EventMessage,
  type RuntimeEvent,
  SWITCH_CHANNEL,
  type SwitchMessage,
} from '../contract/index.js'
import { isRunning, isServing } from './snapshotQueries.js'

/** Kept for good: Node.js drops a channel without subscribers that nobody holds. */
const switches = channel(SWITCH_CHANNEL)
const events = channel(EVENT_CHANNEL)

/** The messages of one aggregate on the channels of `node:diagnostics_channel`, except its calls. */
export class Channels {
  readonly #aggregate: string
  /** The version that served last. */
  #serving: string | null = null
  /** Since when no version has served although one is wanted. */
  #pausedAt: number | null = null

  constructor(aggregate: string) {
    this.#aggregate = aggregate
  }

  /** Publishes an event of a version, with the role that the version has now. */
  event(version: string, event: RuntimeEvent, snapshot: AggregateSnapshot): void {
    if (!events.hasSubscribers) return
    const message: EventMessage = { aggregate: this.#aggregate, version, role: roleOf(version, snapshot), event }
    events.publish(message)
  }

  /** Takes each snapshot, in order. Returns how to publish the switch that it completes, if it does. */
  follow(snapshot: AggregateSnapshot): (() => void) | undefined {
    const { active, next, wanted } = snapshot.context
    if (active === null || !isServing(snapshot, active)) {
      const isPause = isRunning(snapshot) && wanted.active !== null
      this.#pausedAt = isPause ? (this.#pausedAt ?? performance.now()) : null
      return undefined
    }
    const from = this.#serving
    const duration = this.#pausedAt === null ? 0 : performance.now() - this.#pausedAt
    this.#serving = active
    this.#pausedAt = null
    if (from === active || !switches.hasSubscribers) return undefined
    const swapped = from !== null && from === next
    const message: SwitchMessage = { aggregate: this.#aggregate, from, to: active, swapped, duration }
    return () => switches.publish(message)
  }
}

function roleOf(version: string, { context }: AggregateSnapshot): EventMessage['role'] {
  const { active, next } = context
  if (stateOf(context, version) === 'stopping' || (version !== active && version !== next)) return 'leaving'
  return version === active ? 'active' : 'next'
}
