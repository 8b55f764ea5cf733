import type { RuntimeEvent } from '../runtime.js'

/** An event in short: `started 1.0.0`, `configUpdated`. */
export function formatEvent(event: RuntimeEvent): string {
  const version = 'version' in event ? event.version : undefined
  return version === undefined ? event.type : `${event.type} ${version}`
}

/** Several in short, for a message. */
export function formatEvents(events: readonly RuntimeEvent[]): string {
  return events.map(formatEvent).join(', ') || 'nothing'
}
