import {
  type Actor,
  isAlive,
  roleOf,
  type Store,
  shortName,
  type VersionRole,
  type ViewModel,
  versionOf,
} from '../data/index.js'

/** A row of the tree of actors. */
export interface TreeRow {
  readonly actor: Actor
  /** The name without what the rows above it say already. */
  readonly name: string
  /** Of a version that its aggregate has in place. */
  readonly role: VersionRole | undefined
  /** 1 for a root. */
  readonly level: number
  readonly hasChildren: boolean
  readonly isCollapsed: boolean
}

/** How many stopped actors are not in the tree, because they are hidden. */
export function hiddenCount(
  { actors }: Pick<Store, 'actors'>,
  { hidesStopped, selectedId }: Pick<ViewModel, 'hidesStopped' | 'selectedId'>,
): number {
  if (!hidesStopped) return 0
  const visible = treeRows({ actors }, { collapsed: new Set(), hidesStopped, selectedId })
  return actors.size - visible.length
}

/** The visible rows of the tree, from the top. */
export function treeRows(
  { actors }: Pick<Store, 'actors'>,
  { collapsed, hidesStopped, selectedId }: Pick<ViewModel, 'collapsed' | 'hidesStopped' | 'selectedId'>,
): TreeRow[] {
  const rows: TreeRow[] = []
  const visited = new Set<string>()
  const childrenOf = (actor: Actor) => actor.children.flatMap(id => actors.get(id) ?? [])
  const known = new Map<Actor, boolean>()
  const isVisible = (actor: Actor): boolean => {
    const before = known.get(actor)
    if (before !== undefined) return before
    // Another program may announce actors in a circle.
    known.set(actor, false)
    const isShown =
      !hidesStopped || isAlive(actor) || actor.sessionId === selectedId || childrenOf(actor).some(isVisible)
    known.set(actor, isShown)
    return isShown
  }
  const add = (actor: Actor, level: number, version?: string) => {
    if (visited.has(actor.sessionId)) return
    visited.add(actor.sessionId)
    const children = childrenOf(actor).filter(isVisible)
    const isCollapsed = collapsed.has(actor.sessionId)
    const name = shortName(actor.name, version)
    rows.push({ actor, name, role: roleOf(actor, { actors }), level, hasChildren: children.length > 0, isCollapsed })
    const below = versionOf(actor.name) ?? version
    if (!isCollapsed) for (const child of children) add(child, level + 1, below)
  }
  for (const actor of actors.values()) {
    const isRoot = actor.parentId === undefined || !actors.has(actor.parentId)
    if (isRoot && isVisible(actor)) add(actor, 1)
  }
  return rows
}
