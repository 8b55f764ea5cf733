import type { ComponentChildren } from 'preact'
import { moved, VirtualList } from './virtualList.js'

/** The lines of a list, and which of them is chosen, -1 for none. */
export interface Look<T> {
  readonly rows: readonly T[]
  readonly active: number
}

/** What the panel of the actors and that of the events differ in. */
export interface ListPanelProps<T> {
  readonly id: string
  readonly kind: string
  readonly title: string
  /** @default how many lines there are */
  readonly count?: number
  readonly check: { readonly text: string; readonly isOn: boolean; readonly set: (isOn: boolean) => void }
  /** More for the header. */
  readonly children?: ComponentChildren
  readonly role: 'tree' | 'listbox'
  readonly rowHeight: number
  readonly follows?: boolean
  /** As it is now. */
  readonly look: () => Look<T>
  readonly choose: (row: T | undefined) => void
  /** Any other key. @returns whether it means something */
  readonly onKey: (key: string, look: Look<T>) => boolean
  readonly row: (row: T, index: number, of: number) => ComponentChildren
  /** Said instead of no lines. */
  readonly empty?: string
}

/** A panel with a list that is used by mouse and keys. */
export function ListPanel<T>({ id, kind, title, count, check, children, empty, look, ...list }: ListPanelProps<T>) {
  const { rows, active } = look()
  const onKey = (key: string, page: number): boolean => {
    // Of now, not of the last frame: keys may come faster than frames.
    const now = look()
    const to = moved(key, now.active, now.rows.length, page)
    if (to === undefined) return list.onKey(key, now)
    list.choose(now.rows[to])
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
        <label class="check">
          <input type="checkbox" checked={check.isOn} onChange={event => check.set(event.currentTarget.checked)} />
          {check.text}
        </label>
        {children}
      </header>
      <VirtualList
        id={id}
        role={list.role}
        label={title}
        count={rows.length}
        rowHeight={list.rowHeight}
        active={active}
        follows={list.follows ?? false}
        onKey={onKey}
        row={row}
      />
      {rows.length === 0 && empty !== undefined && <p class="empty">{empty}</p>}
    </section>
  )
}

/** What every line of a list needs. */
export interface ListRowProps {
  readonly id: string
  readonly kind: string
  readonly height: number
  readonly isChosen: boolean
  readonly title: string
  readonly choose: () => void
  /** How deep in a tree, and whether its children are shown, if it has any. */
  readonly branch?: { readonly level: number; readonly isOpen: boolean | undefined }
  /** Which of how many in a list. */
  readonly place?: { readonly index: number; readonly of: number }
  readonly children: ComponentChildren
}

/** A line of a list. */
export function ListRow({ id, kind, height, isChosen, title, choose, branch, place, children }: ListRowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
    // biome-ignore lint/a11y/noStaticElementInteractions: its role depends
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: each role has its own
    <div
      id={id}
      role={branch === undefined ? 'option' : 'treeitem'}
      aria-selected={isChosen}
      {...(branch === undefined ? {} : { 'aria-level': branch.level })}
      {...(branch?.isOpen === undefined ? {} : { 'aria-expanded': branch.isOpen })}
      {...(place === undefined ? {} : { 'aria-posinset': place.index + 1, 'aria-setsize': place.of })}
      class={`row ${kind}`}
      style={{ height: `${height}px`, ...(branch === undefined ? {} : { paddingLeft: `${branch.level * 14 - 4}px` }) }}
      title={title}
      onClick={choose}
    >
      {children}
    </div>
  )
}
