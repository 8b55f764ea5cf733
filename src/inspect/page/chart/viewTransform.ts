import type { Drawing } from './chartLayout.js'

/** Where a drawing is put, and how large. */
export interface Place {
  readonly scale: number
  readonly x: number
  readonly y: number
}

interface Room {
  readonly width: number
  readonly height: number
}

const LARGEST = 1.15
/** Smaller than this, nobody can read it: the smallest text is 9 px high then. */
const READABLE = 0.783

/** All of a drawing, in the middle of the room. */
export function fitting({ width, height }: Room, room: Room): Place {
  const fits = Math.min(LARGEST, room.width / width, room.height / height)
  const scale = fits > 0 ? fits : 1
  return { scale, x: (room.width - width * scale) / 2, y: (room.height - height * scale) / 2 }
}

/** All of it if it can be read then; else the part around the states that are active. */
export function opening(
  drawing: Pick<Drawing, 'width' | 'height' | 'states'>,
  room: Room,
  active: readonly string[],
): Place {
  const all = fitting(drawing, room)
  if (all.scale >= READABLE) return all
  const lit = drawing.states.findLast(({ state }) => active.includes(state.path))?.box
  const x = lit === undefined ? 0 : lit.x + lit.width / 2
  const y = lit === undefined ? 0 : lit.y + lit.height / 2
  return {
    scale: READABLE,
    x: along(room.width, drawing.width * READABLE, x * READABLE),
    y: along(room.height, drawing.height * READABLE, y * READABLE),
  }
}

/** The same place as long as a state that is active can be seen there; else where one can. */
export function following(
  place: Place,
  drawing: Pick<Drawing, 'width' | 'height' | 'states'>,
  room: Room,
  active: readonly string[],
): Place {
  const lit = drawing.states.findLast(({ state }) => active.includes(state.path))?.box
  if (lit === undefined) return place
  const isIn = (from: number, length: number, all: number) => from >= 0 && from + length * place.scale <= all
  const isSeen =
    isIn(place.x + lit.x * place.scale, lit.width, room.width) &&
    isIn(place.y + lit.y * place.scale, lit.height, room.height)
  return isSeen ? place : opening(drawing, room, active)
}

/** In the middle if it fits; else with `centre` as near to the middle as its edges allow. */
function along(room: number, length: number, centre: number): number {
  return length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, room / 2 - centre))
}
