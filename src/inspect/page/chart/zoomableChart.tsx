import type { TargetedPointerEvent } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { useSize } from '../browser/index.js'
import { ChartDrawing, type ChartDrawingProps } from './chartDrawing.js'
import { fitTransform, followActive, initialTransform, type ViewTransform } from './viewTransform.js'

/** A chart that the user can drag and zoom. Follows the active state until then. */
export function ZoomableChart({ label, ...drawing }: ChartDrawingProps & { readonly label: string }) {
  const { layout, active } = drawing
  const box = useRef<HTMLDivElement>(null)
  const view = useSize(box)
  const last = useRef<{ readonly view: typeof view; readonly transform: ViewTransform } | undefined>(undefined)
  const drag = useRef<{ readonly x: number; readonly y: number } | undefined>(undefined)
  const [chosen, choose] = useState<ViewTransform | undefined>(undefined)
  const previous = last.current?.view === view ? last.current.transform : initialTransform(layout, view, active)
  const transform = chosen ?? followActive(previous, layout, view, active)
  last.current = { view, transform }
  const zoom = (factor: number, x = view.width / 2, y = view.height / 2) => {
    const scale = Math.min(4, Math.max(0.1, transform.scale * factor))
    const ratio = scale / transform.scale
    choose({ scale, x: x - (x - transform.x) * ratio, y: y - (y - transform.y) * ratio })
  }
  const onPointerMove = (event: TargetedPointerEvent<SVGSVGElement>) => {
    const from = drag.current
    if (from !== undefined) choose({ ...transform, x: event.clientX - from.x, y: event.clientY - from.y })
  }
  const endDrag = () => {
    drag.current = undefined
  }
  return (
    <div class="canvas" ref={box}>
      <svg
        role="img"
        aria-label={label}
        width={view.width}
        height={view.height}
        onWheel={event => {
          event.preventDefault()
          zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, event.offsetX, event.offsetY)
        }}
        onPointerDown={event => {
          drag.current = { x: event.clientX - transform.x, y: event.clientY - transform.y }
          event.currentTarget.setPointerCapture(event.pointerId)
        }}
        onPointerMove={onPointerMove}
        onPointerUp={endDrag}
        onPointerCancel={endDrag}
      >
        {view.width > 0 && (
          <g
            class={chosen === undefined ? 'following' : ''}
            style={{ transform: `translate(${transform.x}px, ${transform.y}px) scale(${transform.scale})` }}
          >
            <ChartDrawing {...drawing} />
          </g>
        )}
      </svg>
      <div class="zoom">
        <button type="button" aria-label="Zoom in" onClick={() => zoom(1.25)}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={() => zoom(0.8)}>
          −
        </button>
        <button type="button" onClick={() => choose(fitTransform(layout, view))}>
          Fit
        </button>
      </div>
    </div>
  )
}
