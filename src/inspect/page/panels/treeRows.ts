import { type Actor, isAlive, type Store, type ViewModel } from '../data/index.js'

/** A row of the tree of actors. */
export interface TreeRow {
  readonly actor: Actor
  /** 1 for a root. */
  readonly level: number
  readonly hasChildren: boolean
  readonly isCollapsed: boolean
}

/** The visible rows of the tree, from the top. */
export function treeRows(
  { actors }: Pick<Store, 'actors'>,
  { collapsed, hidesStopped, selectedId }: Pick<ViewModel, 'collapsed' | 'hidesStopped' | 'selectedId'>,
): TreeRow[] {
  const rows: TreeRow[] = []
  const visited = new Set<string>()
  const childrenOf = (actor: Actor) => actor.children.flatMap(id => actors.get(id) ?? [])
  const isVisible = (actor: Actor): boolean =>
    !hidesStopped || isAlive(actor) || actor.sessionId === selectedId || childrenOf(actor).some(isVisible)
  const add = (actor: Actor, level: number) => {
    if (visited.has(actor.sessionId)) return
    visited.add(actor.sessionId)
    const children = childrenOf(actor).filter(isVisible)
    const isCollapsed = collapsed.has(actor.sessionId)
    rows.push({ actor, level, hasChildren: children.length > 0, isCollapsed })
    if (!isCollapsed) for (const child of children) add(child, level + 1)
  }
  for (const actor of actors.values()) {
    const isRoot = actor.parentId === undefined || !actors.has(actor.parentId)
    if (isRoot && isVisible(actor)) add(actor, 1)
  }
  return rows
}
