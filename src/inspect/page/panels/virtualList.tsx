import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** What a list of equally high lines needs; only those in sight are in the document. */
export interface VirtualListProps {
  readonly id: string
  readonly role: 'tree' | 'listbox'
  readonly label: string
  readonly count: number
  readonly rowHeight: number
  /** The line that is chosen, -1 for none. */
  readonly active: number
  /** Stay at the end as long as the user has not scrolled away from it. */
  readonly follows?: boolean
  readonly row: (index: number) => ComponentChildren
  readonly onKey: (key: string, page: number) => boolean
}

const OVERSCAN = 6

export function VirtualList({
  id,
  role,
  label,
  count,
  rowHeight,
  active,
  follows = false,
  row,
  onKey,
}: VirtualListProps) {
  const box = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  const [view, setView] = useState({ top: 0, height: 600 })

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight })
    const observer = new ResizeObserver(look)
    observer.observe(element)
    look()
    return () => observer.disconnect()
  }, [])

  useLayoutEffect(() => {
    const element = box.current
    if (element !== null && follows && isAtEnd.current && active === -1) element.scrollTop = element.scrollHeight
  }, [count, follows, active, view.height])

  useLayoutEffect(() => {
    const element = box.current
    if (element === null || active < 0) return
    const top = active * rowHeight
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + rowHeight > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + rowHeight - element.clientHeight
    }
  }, [active, rowHeight])

  const first = Math.max(0, Math.min(count, Math.floor(view.top / rowHeight)) - OVERSCAN)
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN)
  const rows = Array.from({ length: Math.max(0, last - first) }, (_, i) => row(first + i))
  const onScroll = () => {
    const element = box.current
    if (element === null) return
    isAtEnd.current = element.scrollTop + element.clientHeight >= element.scrollHeight - rowHeight
    setView({ top: element.scrollTop, height: element.clientHeight })
  }
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
      {...(active >= first && active < last ? { 'aria-activedescendant': `${id}-${active}` } : {})}
      onScroll={onScroll}
      onKeyDown={event => {
        if (event.ctrlKey || event.metaKey || event.altKey) return
        const page = Math.max(1, Math.floor(view.height / rowHeight) - 1)
        if (onKey(event.key, page)) event.preventDefault()
      }}
    >
      <div class="list-space" role="presentation" style={{ height: `${count * rowHeight}px` }}>
        <div role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {rows}
        </div>
      </div>
    </div>
  )
}

/** Where a key leads in a list; undefined for a key that leads nowhere. */
export function moved(key: string, active: number, count: number, page: number): number | undefined {
  const last = count - 1
  const from = active === -1 ? (key === 'ArrowUp' || key === 'PageUp' ? count : -1) : active
  const to = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page, Home: 0, End: last }[
    key
  ]
  return to === undefined || count === 0 ? undefined : Math.max(0, Math.min(last, to))
}
