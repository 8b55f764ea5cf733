import type { ReceivedMessage } from './receivedMessage.js'

/** A message with the length of its JSON text. */
export interface SizedMessage {
  readonly message: ReceivedMessage
  readonly size: number
}

/**
 * Shortens a queue of messages without a change of what they lead to: keeps the last ones, and of those before all
 * actors and each actor's last snapshot.
 */
export function compactQueue(queue: readonly SizedMessage[], keep: number): SizedMessage[] {
  const old = queue.slice(0, -keep)
  const lastSnapshots = new Map<string, SizedMessage>()
  for (const it of old) if (it.message.type === '@xstate.snapshot') lastSnapshots.set(it.message.sessionId, it)
  const kept = new Set(lastSnapshots.values())
  return [...old.filter(it => it.message.type === '@xstate.actor' || kept.has(it)), ...queue.slice(-keep)]
}
