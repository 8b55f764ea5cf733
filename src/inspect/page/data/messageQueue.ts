import type { Message } from './receivedMessage.js'

/** A message that waits. */
export interface Queued {
  readonly message: Message
  readonly size: number
}

/** Fewer messages that come to the same: the last ones, and of those before all actors, and each one's last snapshot. */
export function compact(queued: readonly Queued[], keep: number): Queued[] {
  const old = queued.slice(0, -keep)
  const last = new Map<string, Queued>()
  for (const it of old) if (it.message.type === '@xstate.snapshot') last.set(it.message.sessionId, it)
  const kept = new Set(last.values())
  const isNeeded = (it: Queued) => it.message.type === '@xstate.actor' || kept.has(it)
  return [...old.filter(isNeeded), ...queued.slice(-keep)]
}
