import type { RuntimeEvent } from '../runtime.js'

/** The short form of an event: `started 1.0.0`, `configUpdated`. */
export function formatEvent(event: RuntimeEvent): string {
  const version = 'version' in event ? event.version : undefined
  return version === undefined ? event.type : `${event.type} ${version}`
}

/** The short forms of several events, for a message. */
export function formatEvents(events: readonly RuntimeEvent[]): string {
  return events.map(formatEvent).join(', ') || 'none'
}
