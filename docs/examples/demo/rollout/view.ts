import { columns, type Write } from '../output.js'
import type { Course } from './course.js'
import { liveLine, pictureOf } from './picture.js'
import type { View } from './run.js'

const ERASE_LINE = '\r\u001B[K'
/** ms between two plain lines. */
const PLAIN_EVERY = 1_000
/** Where there is no terminal, nobody knows how wide a line may be. */
const PLAIN_WIDTH = 120
const PICTURE_WIDTH = 79

/** Draws the picture again and again, in place. Where it does not fit, one line. */
export function drawnPicture(write: Write, rows: () => number): View {
  let drawn = 0
  const draw = (lines: readonly string[]) => {
    const up = drawn === 0 ? '' : `\u001B[${drawn}A`
    // Lines that were drawn before, and are not needed any more, become empty.
    const all = [...lines, ...Array.from({ length: Math.max(0, drawn - lines.length) }, () => '')]
    write(up + all.map(line => `${ERASE_LINE}${line}\n`).join(''))
    drawn = all.length
  }
  const width = () => columns() - 1
  return {
    show: course => {
      const picture = pictureOf(course, width())
      draw(picture.length < rows() ? picture : [liveLine(course, width())])
    },
    end: course => draw(pictureOf(course, width())),
  }
}

/** Writes a line for each stage, and one about once a second; at the end, the picture. */
export function plainPicture(write: Write): View {
  let last = { at: Number.NEGATIVE_INFINITY, moves: 0 }
  const isDue = ({ now, moves }: Course) => now - last.at >= PLAIN_EVERY || moves.length !== last.moves
  return {
    show: course => {
      if (!isDue(course)) return
      last = { at: course.now, moves: course.moves.length }
      write(`${liveLine(course, PLAIN_WIDTH)}\n`)
    },
    end: course => write(`\n${pictureOf(course, PICTURE_WIDTH).join('\n')}\n`),
  }
}

export const silentView: View = { show: () => {}, end: () => {} }
