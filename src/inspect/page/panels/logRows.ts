import { formatStateValue, type LogEntry } from '../data/index.js'

/** How many characters of an event are searched. */
const MAX_SEARCHED = 4_000

/**
 * The entries of the log that contain all words of the search: in the event, the actor's name or the state.
 *
 * @param onlyId - if given, the session id of the only actor to show
 */
export function logRows(entries: readonly LogEntry[], search: string, onlyId: string | undefined): readonly LogEntry[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '')
  const ofActor = onlyId === undefined ? entries : entries.filter(({ sessionId }) => sessionId === onlyId)
  if (words.length === 0) return ofActor
  return ofActor.filter(entry => {
    const text = searchText(entry)
    return words.every(word => text.includes(word))
  })
}

function searchText({ event, name, snapshot }: LogEntry): string {
  const payload = JSON.stringify(event).slice(0, MAX_SEARCHED)
  return [event.type, name, formatStateValue(snapshot?.value), payload].join('\n').toLowerCase()
}
