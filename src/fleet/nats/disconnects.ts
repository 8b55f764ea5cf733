/** Tells of each moment in which a connection to NATS is lost, back, or closed: what was under way may be lost. */
import type { NatsConnection } from '@nats-io/transport-node'

const watched = new WeakMap<NatsConnection, Set<() => void>>()

/** Calls `listener` each time, until the returned function is called. One iterator follows each connection. */
export function onDisconnect(connection: NatsConnection, listener: () => void): () => void {
  let listeners = watched.get(connection)
  if (listeners === undefined) {
    listeners = new Set()
    watched.set(connection, listeners)
    void follow(connection, listeners)
  }
  const all = listeners
  all.add(listener)
  return () => all.delete(listener)
}

async function follow(connection: NatsConnection, listeners: ReadonlySet<() => void>): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === 'disconnect' || type === 'reconnect' || type === 'close') tell(listeners)
  }
  tell(listeners)
}

function tell(listeners: ReadonlySet<() => void>): void {
  for (const listener of [...listeners]) listener()
}
