import type { TargetedPointerEvent } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { useSize } from '../browser/useSize.js'
import { ChartDrawing, type ChartDrawingProps } from './chartDrawing.js'
import { fitting, following, opening, type Place } from './viewTransform.js'

/** A drawing that can be moved and made larger; at first as large as fits, or as can be read. */
export function Zoomable({ label, ...drawn }: ChartDrawingProps & { readonly label: string }) {
  const { drawing, active } = drawn
  const box = useRef<HTMLDivElement>(null)
  const room = useSize(box)
  const last = useRef<{ readonly room: typeof room; readonly place: Place } | undefined>(undefined)
  const drag = useRef<{ readonly x: number; readonly y: number } | undefined>(undefined)
  const [moved, move] = useState<Place | undefined>(undefined)
  const before = last.current?.room === room ? last.current.place : opening(drawing, room, active)
  const place = moved ?? following(before, drawing, room, active)
  last.current = { room, place }
  const zoom = (factor: number, x = room.width / 2, y = room.height / 2) => {
    const scale = Math.min(4, Math.max(0.1, place.scale * factor))
    const by = scale / place.scale
    move({ scale, x: x - (x - place.x) * by, y: y - (y - place.y) * by })
  }
  const onPointerMove = (event: TargetedPointerEvent<SVGSVGElement>) => {
    const from = drag.current
    if (from !== undefined) move({ ...place, x: event.clientX - from.x, y: event.clientY - from.y })
  }
  const letGo = () => {
    drag.current = undefined
  }
  return (
    <div class="canvas" ref={box}>
      <svg
        role="img"
        aria-label={label}
        width={room.width}
        height={room.height}
        onWheel={event => {
          event.preventDefault()
          zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, event.offsetX, event.offsetY)
        }}
        onPointerDown={event => {
          drag.current = { x: event.clientX - place.x, y: event.clientY - place.y }
          event.currentTarget.setPointerCapture(event.pointerId)
        }}
        onPointerMove={onPointerMove}
        onPointerUp={letGo}
        onPointerCancel={letGo}
      >
        {room.width > 0 && (
          <g
            class={moved === undefined ? 'following' : ''}
            style={{ transform: `translate(${place.x}px, ${place.y}px) scale(${place.scale})` }}
          >
            <ChartDrawing {...drawn} />
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
        <button type="button" onClick={() => move(fitting(drawing, room))}>
          Fit
        </button>
      </div>
    </div>
  )
}
