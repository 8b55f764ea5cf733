import { describeRole, formatLeafStates, formatStateValue, isAlive, shortRole, type ViewModel } from '../data/index.js'
import { ListPanel, ListRow, type ListRows } from './listPanel.js'
import { hiddenCount, type TreeRow, treeRows } from './treeRows.js'

const TREE_ROW_HEIGHT = 26

/** The tree of actors. */
export function ActorTree({ view }: { readonly view: ViewModel }) {
  const read = () => {
    const rows = treeRows(view.store, view)
    return { rows, selected: rows.findIndex(({ actor }) => actor.sessionId === view.selectedId) }
  }
  const onKey = (key: string, { rows, selected }: ListRows<TreeRow>): boolean => {
    const row = rows[selected]
    if (key === 'ArrowLeft' && row?.hasChildren === true && !row.isCollapsed) view.collapse(row.actor.sessionId, true)
    else if (key === 'ArrowLeft' && row?.actor.parentId !== undefined) view.select(row.actor.parentId)
    else if (key === 'ArrowRight' && row?.isCollapsed === true) view.collapse(row.actor.sessionId, false)
    else if (key === 'ArrowRight' && row?.hasChildren === true) view.select(rows[selected + 1]?.actor.sessionId)
    else return false
    return true
  }
  return (
    <ListPanel
      id="tree"
      kind="actors"
      title="Actors"
      count={view.store.actors.size}
      checkbox={{ text: 'Hide stopped', isOn: view.hidesStopped, set: hidesStopped => view.set({ hidesStopped }) }}
      role="tree"
      rowHeight={TREE_ROW_HEIGHT}
      read={read}
      select={row => view.select(row?.actor.sessionId)}
      onKey={onKey}
      footer={<HiddenCount view={view} />}
      row={(row, index) => <ActorRow key={row.actor.sessionId} id={`tree-${index}`} row={row} view={view} />}
    />
  )
}

/** Says that there are more actors, and shows them. */
function HiddenCount({ view }: { readonly view: ViewModel }) {
  const count = hiddenCount(view.store, view)
  return count === 0 ? null : (
    <p class="hidden-count">
      {count} stopped
      <button
        type="button"
        class="small"
        aria-label={`Show ${count} stopped actors`}
        onClick={() => view.set({ hidesStopped: false })}
      >
        Show
      </button>
    </p>
  )
}

interface ActorRowProps {
  readonly id: string
  readonly row: TreeRow
  readonly view: ViewModel
}

function ActorRow({ id, row: { actor, name, role, level, hasChildren, isCollapsed }, view }: ActorRowProps) {
  const { status, value } = actor.snapshot
  const ended = isAlive(actor) ? undefined : status === 'error' ? 'failed' : 'stopped'
  const state = ended ?? formatStateValue(value)
  return (
    <ListRow
      id={id}
      kind={`actor ${ended ?? 'alive'}`}
      height={TREE_ROW_HEIGHT}
      isSelected={actor.sessionId === view.selectedId}
      title={`${actor.name} (${actor.sessionId}): ${state}${role === undefined ? '' : `; ${describeRole(role)}`}`}
      onClick={() => view.select(actor.sessionId)}
      branch={{ level, isExpanded: hasChildren ? !isCollapsed : undefined }}
    >
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys do the same */}
      <span
        class="disclosure"
        onClick={event => {
          if (!hasChildren) return
          event.stopPropagation()
          view.collapse(actor.sessionId, !isCollapsed)
        }}
      >
        {hasChildren ? (isCollapsed ? '▸' : '▾') : ''}
      </span>
      <span class="status-dot" aria-hidden="true" />
      <span class="name">{name}</span>
      {role !== undefined && <span class="role">{shortRole(role)}</span>}
      <span class="state">{ended ?? formatLeafStates(value)}</span>
    </ListRow>
  )
}
