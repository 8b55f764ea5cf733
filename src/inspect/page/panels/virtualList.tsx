import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** A list of rows of equal height. Only the visible rows are in the document. */
export interface VirtualListProps {
  readonly id: string
  readonly role: 'tree' | 'listbox'
  readonly label: string
  readonly count: number
  readonly rowHeight: number
  /** The index of the selected row, or -1. */
  readonly selected: number
  /** Whether to scroll to new rows while the user is at the end. */
  readonly followsEnd: boolean
  /** Elements above the rows that stay in view, and their height. */
  readonly head: ComponentChildren
  readonly headHeight: number
  /** The width of the rows, if it is not that of the list. */
  readonly contentWidth: number | undefined
  readonly row: (index: number) => ComponentChildren
  /** @param pageSize - how many rows are visible @returns whether the key was handled */
  readonly onKey: (key: string, pageSize: number) => boolean
}

/** How many rows are rendered above and below the visible ones. */
const OVERSCAN = 6

export function VirtualList({ id, role, label, count, rowHeight, selected, row, onKey, ...props }: VirtualListProps) {
  const { followsEnd, head, headHeight, contentWidth } = props
  const box = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  const [viewport, setViewport] = useState({ top: 0, height: 600 })

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const measure = () => setViewport({ top: element.scrollTop, height: element.clientHeight - headHeight })
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    measure()
    return () => observer.disconnect()
  }, [headHeight])

  useLayoutEffect(() => {
    const element = box.current
    if (element !== null && followsEnd && isAtEnd.current && selected === -1) element.scrollTop = element.scrollHeight
  }, [count, followsEnd, selected, viewport.height])

  useLayoutEffect(() => {
    const element = box.current
    if (element === null || selected < 0) return
    const top = selected * rowHeight
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + rowHeight > element.scrollTop + element.clientHeight - headHeight) {
      element.scrollTop = top + rowHeight - element.clientHeight + headHeight
    }
  }, [selected, rowHeight, headHeight])

  const first = Math.max(0, Math.min(count, Math.floor(viewport.top / rowHeight)) - OVERSCAN)
  const end = Math.min(count, Math.ceil((viewport.top + viewport.height) / rowHeight) + OVERSCAN)
  const rows = Array.from({ length: Math.max(0, end - first) }, (_, i) => row(first + i))
  const onScroll = () => {
    const element = box.current
    if (element === null) return
    isAtEnd.current = element.scrollTop + element.clientHeight >= element.scrollHeight - rowHeight
    setViewport({ top: element.scrollTop, height: element.clientHeight - headHeight })
  }
  const width = contentWidth === undefined ? {} : { width: `${contentWidth}px` }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: its role is a property
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: its role is a property
    <div
      ref={box}
      id={id}
      class="list"
      role={role}
      tabIndex={0}
      aria-label={label}
      {...(selected >= first && selected < end ? { 'aria-activedescendant': `${id}-${selected}` } : {})}
      onScroll={onScroll}
      onKeyDown={event => {
        if (event.ctrlKey || event.metaKey || event.altKey) return
        const pageSize = Math.max(1, Math.floor(viewport.height / rowHeight) - 1)
        if (onKey(event.key, pageSize)) event.preventDefault()
      }}
    >
      {head}
      <div class="list-content" role="presentation" style={{ height: `${count * rowHeight}px`, ...width }}>
        <div role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {rows}
        </div>
      </div>
    </div>
  )
}

/** The index that a key moves the selection to; undefined if the key does not move it. */
export function moveSelection(key: string, selected: number, count: number, pageSize: number): number | undefined {
  const last = count - 1
  const from = selected === -1 ? (key === 'ArrowUp' || key === 'PageUp' ? count : -1) : selected
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: from + 1,
    ArrowUp: from - 1,
    PageDown: from + pageSize,
    PageUp: from - pageSize,
    Home: 0,
    End: last,
  }
  const to = targets[key]
  return to === undefined || count === 0 ? undefined : Math.max(0, Math.min(last, to))
}
