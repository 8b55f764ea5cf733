import { valueText } from '../data/stateValue.js'
import { type Actor, type Entry, isAlive, type Store } from '../data/store.js'

/** A line of the tree. */
export interface TreeRow {
  readonly actor: Actor
  readonly level: number
  readonly hasChildren: boolean
  readonly isFolded: boolean
}

/** What of the tree is shown. */
export interface TreeChoice {
  readonly collapsed: ReadonlySet<string>
  readonly hidesStopped: boolean
  readonly selected: string | undefined
}

/** The lines of the tree, from the top. */
export function treeRows(
  { actors }: Pick<Store, 'actors'>,
  { collapsed, hidesStopped, selected }: TreeChoice,
): TreeRow[] {
  const rows: TreeRow[] = []
  const seen = new Set<string>()
  const isShown = (actor: Actor): boolean =>
    !hidesStopped || isAlive(actor) || actor.sessionId === selected || childrenOf(actor).some(isShown)
  const childrenOf = (actor: Actor) => actor.children.flatMap(id => actors.get(id) ?? [])
  const add = (actor: Actor, level: number) => {
    if (seen.has(actor.sessionId)) return
    seen.add(actor.sessionId)
    const children = childrenOf(actor).filter(isShown)
    const isFolded = collapsed.has(actor.sessionId)
    rows.push({ actor, level, hasChildren: children.length > 0, isFolded })
    if (!isFolded) for (const child of children) add(child, level + 1)
  }
  for (const actor of actors.values()) {
    const isRoot = actor.parentId === undefined || !actors.has(actor.parentId)
    if (isRoot && isShown(actor)) add(actor, 1)
  }
  return rows
}

const MAX_SEARCHED = 4_000
const texts = (entry: Entry) =>
  [entry.event.type, entry.name, valueText(entry.snapshot?.value), payloadText(entry)].join('\n').toLowerCase()

/** The lines of the log that have all the words, in their event, its payload, the actor's name or its state. */
export function logRows(entries: readonly Entry[], search: string, only: string | undefined): readonly Entry[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '')
  const mine = only === undefined ? entries : entries.filter(({ sessionId }) => sessionId === only)
  if (words.length === 0) return mine
  return mine.filter(entry => {
    const text = texts(entry)
    return words.every(word => text.includes(word))
  })
}

function payloadText({ event }: Entry): string {
  return JSON.stringify(event).slice(0, MAX_SEARCHED)
}

/** A time as it is shown: `12:34:56.789`. */
export function clockText(time: number): string {
  if (Number.isNaN(time)) return '–'
  const at = new Date(time)
  const two = (n: number) => String(n).padStart(2, '0')
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')
  return `${clock}.${String(at.getMilliseconds()).padStart(3, '0')}`
}

const MAX_SHOWN = 100_000

/** What XState writes for an actor. */
function withoutActors(_key: string, value: unknown): unknown {
  const isActor = typeof value === 'object' && value !== null && 'xstate$$type' in value && 'id' in value
  return isActor ? `[actor ${String(value.id)}]` : value
}

/** Anything as indented JSON; of what is very long, the beginning and a note. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, withoutActors, 2) ?? 'undefined'
  return text.length <= MAX_SHOWN
    ? text
    : `${text.slice(0, MAX_SHOWN)}\n… and ${text.length - MAX_SHOWN} characters more`
}

/** A name as it is written where there is little room: of ours, without what all of them begin with. */
export function shortName(name: string): string {
  return name.replace(/^(?:aggregate|version) (?=.)/, '')
}

/** A state value where there is little room: the innermost states only. */
export function leafText(value: unknown): string {
  const leaves = valueText(value).split(' | ')
  return leaves.map(path => path.slice(path.lastIndexOf('.') + 1)).join(' | ')
}
