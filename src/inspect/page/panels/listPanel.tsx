import type { ComponentChildren } from 'preact'
import { moveSelection, VirtualList } from './virtualList.js'

/** The rows of a list, and the index of the selected one, or -1. */
export interface ListRows<T> {
  readonly rows: readonly T[]
  readonly selected: number
}

/** The differences between the panel of the actors and that of the events. */
export interface ListPanelProps<T> {
  readonly id: string
  /** The CSS class of the panel. */
  readonly kind: string
  readonly title: string
  /** @default the number of rows */
  readonly count?: number | string
  readonly checkbox?: { readonly text: string; readonly isOn: boolean; readonly set: (isOn: boolean) => void }
  /** Further elements of the header. */
  readonly children?: ComponentChildren
  /** Elements below the list. */
  readonly footer?: ComponentChildren
  readonly role: 'tree' | 'listbox'
  readonly rowHeight: number
  readonly followsEnd?: boolean
  /** Elements above the rows that stay in view, and their height. */
  readonly head?: ComponentChildren
  readonly headHeight?: number
  /** The width of the rows, if it is not that of the panel. */
  readonly contentWidth?: number
  /** Reads the current rows. */
  readonly read: () => ListRows<T>
  readonly select: (row: T | undefined) => void
  /** Handles a key that does not move the selection. @returns whether the key was handled */
  readonly onKey: (key: string, list: ListRows<T>) => boolean
  readonly row: (row: T, index: number, count: number) => ComponentChildren
  /** The text for a list without rows. */
  readonly empty?: string
}

/** A panel with a list for mouse and keyboard. */
export function ListPanel<T>({
  id,
  kind,
  title,
  count,
  checkbox,
  children,
  footer,
  empty,
  read,
  ...list
}: ListPanelProps<T>) {
  const { rows, selected } = read()
  const onKey = (key: string, pageSize: number): boolean => {
    // Keys may come faster than frames, so read the rows again.
    const current = read()
    const to = moveSelection(key, current.selected, current.rows.length, pageSize)
    if (to === undefined) return list.onKey(key, current)
    list.select(current.rows[to])
    return true
  }
  const row = (index: number) => {
    const it = rows[index]
    return it === undefined ? null : list.row(it, index, rows.length)
  }
  return (
    <section class={`panel ${kind}`} aria-labelledby={`${kind}-title`}>
      <header>
        <h2 id={`${kind}-title`}>{title}</h2>
        <span class="count">{count ?? rows.length}</span>
        {checkbox !== undefined && (
          <label class="checkbox">
            <input
              type="checkbox"
              checked={checkbox.isOn}
              onChange={event => checkbox.set(event.currentTarget.checked)}
            />
            {checkbox.text}
          </label>
        )}
        {children}
      </header>
      <VirtualList
        id={id}
        role={list.role}
        label={title}
        count={rows.length}
        rowHeight={list.rowHeight}
        selected={selected}
        followsEnd={list.followsEnd ?? false}
        head={list.head}
        headHeight={list.headHeight ?? 0}
        contentWidth={list.contentWidth}
        onKey={onKey}
        row={row}
      />
      {footer}
      {rows.length === 0 && empty !== undefined && <p class="empty">{empty}</p>}
    </section>
  )
}

/** The properties of a row. */
export interface ListRowProps {
  readonly id: string
  /** The CSS classes of the row. */
  readonly kind: string
  readonly height: number
  readonly isSelected: boolean
  readonly title: string
  readonly onClick: () => void
  /** In a tree: the depth, and whether the children are visible, if there are any. */
  readonly branch?: { readonly level: number; readonly isExpanded: boolean | undefined }
  /** In a list: the index, and the number of rows. */
  readonly position?: { readonly index: number; readonly count: number }
  readonly children: ComponentChildren
}

/** A row of a list or a tree. */
export function ListRow({ id, kind, height, isSelected, title, onClick, branch, position, children }: ListRowProps) {
  const indent = branch === undefined ? {} : { paddingLeft: `${branch.level * 14 - 4}px` }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
    // biome-ignore lint/a11y/noStaticElementInteractions: its role depends
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: each role has its own
    <div
      id={id}
      role={branch === undefined ? 'option' : 'treeitem'}
      aria-selected={isSelected}
      {...(branch === undefined ? {} : { 'aria-level': branch.level })}
      {...(branch?.isExpanded === undefined ? {} : { 'aria-expanded': branch.isExpanded })}
      {...(position === undefined ? {} : { 'aria-posinset': position.index + 1, 'aria-setsize': position.count })}
      class={`row ${kind}`}
      style={{ height: `${height}px`, ...indent }}
      title={title}
      onClick={onClick}
    >
      {children}
    </div>
  )
}
