import type { Actor, LogEntry, Store } from '../data/index.js'
import { shortName } from '../data/index.js'
import { treeRows } from './treeRows.js'

/** An actor, or everything outside the actors: the program, which sends events without being one. */
export interface Lifeline {
  readonly name: string
  /** Tells two supervisors apart, and two connections. */
  readonly version?: string | undefined
  readonly title: string
}

/** An event, as an arrow from one lifeline to another. They are the same if an actor sends an event to itself. */
export interface SequenceArrow {
  readonly entry: LogEntry
  /** Indexes of lifelines. */
  readonly from: number
  readonly to: number
}

/** A part of the log as a sequence diagram. */
export interface Sequence {
  readonly lifelines: readonly Lifeline[]
  /** Oldest first. */
  readonly arrows: readonly SequenceArrow[]
}

export const MAX_ARROWS = 200
const OUTSIDE: Lifeline = { name: 'program', title: 'The program: events that no actor has sent' }

/** The last events as a sequence; with a selected event, those around it. Actors are in the order of the tree. */
export function sequenceOf(
  entries: readonly LogEntry[],
  { actors }: Pick<Store, 'actors'>,
  selected: LogEntry | undefined,
): Sequence {
  const shown = partAround(entries, selected)
  const involved = new Set(shown.flatMap(({ sessionId, sourceId }) => [sourceId, sessionId]))
  const all = treeRows({ actors }, { collapsed: new Set(), hidesStopped: false, selectedId: undefined })
  const known = all.map(({ actor }) => actor.sessionId).filter(id => involved.has(id))
  const unknown = [...involved].filter(id => id !== undefined && !actors.has(id))
  const ids = [...(involved.has(undefined) ? [undefined] : []), ...known, ...unknown]
  const columns = new Map(ids.map((id, column) => [id, column]))
  return {
    lifelines: ids.map(id => (id === undefined ? OUTSIDE : lifelineOf(id, actors.get(id)))),
    arrows: shown.flatMap(entry => {
      const [from, to] = [columns.get(entry.sourceId), columns.get(entry.sessionId)]
      return from === undefined || to === undefined ? [] : [{ entry, from, to }]
    }),
  }
}

function partAround(entries: readonly LogEntry[], selected: LogEntry | undefined): readonly LogEntry[] {
  const index = selected === undefined ? -1 : entries.indexOf(selected)
  const newest = Math.max(0, entries.length - MAX_ARROWS)
  const first = index === -1 ? newest : Math.max(0, Math.min(newest, index - MAX_ARROWS / 2))
  return entries.slice(first, first + MAX_ARROWS)
}

function lifelineOf(id: string, actor: Actor | undefined): Lifeline {
  if (actor === undefined) return { name: id, title: id }
  const version = /^(?:supervisor|connection) .* (\S+)$/.exec(actor.name)?.[1]
  return { name: shortName(actor.name, version), version, title: `${actor.name} (${id})` }
}
