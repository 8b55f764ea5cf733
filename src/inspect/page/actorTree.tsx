import { leafText, shortName, type TreeRow, treeRows } from './rows.js'
import { valueText } from './stateValue.js'
import { isAlive } from './store.js'
import type { Viewer } from './viewer.js'
import { moved, VirtualList } from './virtualList.js'

const ROW = 26

/** The tree of actors. */
export function ActorTree({ viewer }: { readonly viewer: Viewer }) {
  const look = () => {
    const rows = treeRows(viewer.store, viewer)
    return { rows, active: rows.findIndex(({ actor }) => actor.sessionId === viewer.selected) }
  }
  const { rows, active } = look()
  const onKey = (key: string, page: number): boolean => {
    // Of now, not of the last frame: keys may come faster than frames.
    const { rows, active } = look()
    const to = moved(key, active, rows.length, page)
    const row = rows[active]
    if (to !== undefined) viewer.select(rows[to]?.actor.sessionId)
    else if (key === 'ArrowLeft' && row?.hasChildren === true && !row.isFolded) viewer.fold(row.actor.sessionId, true)
    else if (key === 'ArrowLeft' && row?.actor.parentId !== undefined) viewer.select(row.actor.parentId)
    else if (key === 'ArrowRight' && row?.isFolded === true) viewer.fold(row.actor.sessionId, false)
    else if (key === 'ArrowRight' && row?.hasChildren === true) viewer.select(rows[active + 1]?.actor.sessionId)
    else return false
    return true
  }
  return (
    <section class="panel actors" aria-labelledby="actors-title">
      <header>
        <h2 id="actors-title">Actors</h2>
        <span class="count">{viewer.store.actors.size}</span>
        <label class="check">
          <input
            type="checkbox"
            checked={viewer.hidesStopped}
            onChange={event => viewer.set({ hidesStopped: event.currentTarget.checked })}
          />
          Hide stopped
        </label>
      </header>
      <VirtualList
        id="tree"
        role="tree"
        label="Actors"
        count={rows.length}
        rowHeight={ROW}
        active={active}
        onKey={onKey}
        row={index => <Row key={rows[index]?.actor.sessionId} index={index} row={rows[index]} viewer={viewer} />}
      />
    </section>
  )
}

interface RowProps {
  readonly index: number
  readonly row: TreeRow | undefined
  readonly viewer: Viewer
}

function Row({ index, row, viewer }: RowProps) {
  if (row === undefined) return null
  const { actor, level, hasChildren, isFolded } = row
  const { status } = actor.snapshot
  const ended = isAlive(actor) ? undefined : status === 'error' ? 'failed' : 'stopped'
  const state = ended ?? valueText(actor.snapshot.value)
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus
    <div
      id={`tree-${index}`}
      role="treeitem"
      aria-level={level}
      aria-selected={actor.sessionId === viewer.selected}
      {...(hasChildren ? { 'aria-expanded': !isFolded } : {})}
      class={`row actor ${ended ?? 'alive'}`}
      style={{ height: `${ROW}px`, paddingLeft: `${level * 14 - 4}px` }}
      title={`${actor.name} (${actor.sessionId}): ${state}`}
      onClick={() => viewer.select(actor.sessionId)}
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
    </div>
  )
}
