import { valueText } from '../data/stateValue.js'
import { isAlive } from '../data/store.js'
import type { Viewer } from '../data/viewModel.js'
import { ListPanel, ListRow, type Look } from './listPanel.js'
import { leafText, shortName, type TreeRow, treeRows } from './rows.js'

const ROW = 26

/** The tree of actors. */
export function ActorTree({ viewer }: { readonly viewer: Viewer }) {
  const look = () => {
    const rows = treeRows(viewer.store, viewer)
    return { rows, active: rows.findIndex(({ actor }) => actor.sessionId === viewer.selected) }
  }
  const onKey = (key: string, { rows, active }: Look<TreeRow>): boolean => {
    const row = rows[active]
    if (key === 'ArrowLeft' && row?.hasChildren === true && !row.isFolded) viewer.fold(row.actor.sessionId, true)
    else if (key === 'ArrowLeft' && row?.actor.parentId !== undefined) viewer.select(row.actor.parentId)
    else if (key === 'ArrowRight' && row?.isFolded === true) viewer.fold(row.actor.sessionId, false)
    else if (key === 'ArrowRight' && row?.hasChildren === true) viewer.select(rows[active + 1]?.actor.sessionId)
    else return false
    return true
  }
  return (
    <ListPanel
      id="tree"
      kind="actors"
      title="Actors"
      count={viewer.store.actors.size}
      check={{ text: 'Hide stopped', isOn: viewer.hidesStopped, set: hidesStopped => viewer.set({ hidesStopped }) }}
      role="tree"
      rowHeight={ROW}
      look={look}
      choose={row => viewer.select(row?.actor.sessionId)}
      onKey={onKey}
      row={(row, index) => <Row key={row.actor.sessionId} id={`tree-${index}`} row={row} viewer={viewer} />}
    />
  )
}

interface RowProps {
  readonly id: string
  readonly row: TreeRow
  readonly viewer: Viewer
}

function Row({ id, row: { actor, level, hasChildren, isFolded }, viewer }: RowProps) {
  const { status } = actor.snapshot
  const ended = isAlive(actor) ? undefined : status === 'error' ? 'failed' : 'stopped'
  const state = ended ?? valueText(actor.snapshot.value)
  return (
    <ListRow
      id={id}
      kind={`actor ${ended ?? 'alive'}`}
      height={ROW}
      isChosen={actor.sessionId === viewer.selected}
      title={`${actor.name} (${actor.sessionId}): ${state}`}
      choose={() => viewer.select(actor.sessionId)}
      branch={{ level, isOpen: hasChildren ? !isFolded : undefined }}
    >
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys do the same */}
      <span
        class="twisty"
        onClick={event => {
          if (!hasChildren) return
          event.stopPropagation()
          viewer.fold(actor.sessionId, !isFolded)
        }}
      >
        {hasChildren ? (isFolded ? '▸' : '▾') : ''}
      </span>
      <span class="lamp" aria-hidden="true" />
      <span class="name">{shortName(actor.name)}</span>
      <span class="state">{ended ?? leafText(actor.snapshot.value)}</span>
    </ListRow>
  )
}
