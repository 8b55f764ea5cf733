import type { ChartLayout } from './chartLayout.js'

/** The position and the scale at which a chart is shown. */
export interface ViewTransform {
  readonly scale: number
  readonly x: number
  readonly y: number
}

interface Size {
  readonly width: number
  readonly height: number
}

type LaidOutStates = Pick<ChartLayout, 'width' | 'height' | 'states'>

const MAX_SCALE = 1.15
/** At this scale the smallest text is 9 px high. A smaller one is hard to read. */
const MIN_READABLE_SCALE = 0.783

/** Shows the whole chart in the middle of the view. */
export function fitTransform({ width, height }: Size, view: Size): ViewTransform {
  const fitting = Math.min(MAX_SCALE, view.width / width, view.height / height)
  const scale = fitting > 0 ? fitting : 1
  return { scale, x: (view.width - width * scale) / 2, y: (view.height - height * scale) / 2 }
}

/** Shows the whole chart if it is readable then, otherwise the part around the innermost active state. */
export function initialTransform(layout: LaidOutStates, view: Size, active: readonly string[]): ViewTransform {
  const fit = fitTransform(layout, view)
  if (fit.scale >= MIN_READABLE_SCALE) return fit
  const box = activeBox(layout, active)
  const x = box === undefined ? 0 : box.x + box.width / 2
  const y = box === undefined ? 0 : box.y + box.height / 2
  return {
    scale: MIN_READABLE_SCALE,
    x: centred(view.width, layout.width * MIN_READABLE_SCALE, x * MIN_READABLE_SCALE),
    y: centred(view.height, layout.height * MIN_READABLE_SCALE, y * MIN_READABLE_SCALE),
  }
}

/** Keeps the transform while the innermost active state is visible, and otherwise moves to that state. */
export function followActive(
  transform: ViewTransform,
  layout: LaidOutStates,
  view: Size,
  active: readonly string[],
): ViewTransform {
  const box = activeBox(layout, active)
  if (box === undefined) return transform
  const isInside = (from: number, length: number, limit: number) =>
    from >= 0 && from + length * transform.scale <= limit
  const isVisible =
    isInside(transform.x + box.x * transform.scale, box.width, view.width) &&
    isInside(transform.y + box.y * transform.scale, box.height, view.height)
  return isVisible ? transform : initialTransform(layout, view, active)
}

function activeBox({ states }: LaidOutStates, active: readonly string[]) {
  return states.findLast(({ state }) => active.includes(state.path))?.box
}

/** The offset that brings `centre` to the middle of the view, without an empty margin. Centres a short chart. */
function centred(view: number, length: number, centre: number): number {
  return length <= view ? (view - length) / 2 : Math.min(0, Math.max(view - length, view / 2 - centre))
}
