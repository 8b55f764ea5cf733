import type { MeasureText } from './graph.js'

/**
 * The widths of the characters from space to `~` in Arial and in fonts with the same widths, such as Liberation Sans and
 * Helvetica, in thousandths of the font size.
 */
const REGULAR = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584,
]
const BOLD = [
  278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611,
  556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389,
  280, 389, 584,
]
/** As in `measureText`. */
const FONTS = {
  title: { widths: BOLD, size: 13 },
  row: { widths: REGULAR, size: 11.5 },
  label: { widths: BOLD, size: 11.5 },
}
const SAMPLE = 'abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 [].'
/** Wider texts than this would leave their boxes. */
const MAX_RATIO = 1.04

/** Measures a text without a browser, for the layouts that are computed while the page is built. */
export const measureKnown: MeasureText = (text, font) => {
  const { widths, size } = FONTS[font]
  const sum = [...text].reduce((width, char) => width + (widths[(char.codePointAt(0) ?? 0) - 32] ?? 1_000), 0)
  return Math.ceil((sum * size) / 1_000)
}

/** Whether the browser has a font as narrow as the one that the layouts were computed for. */
export function hasKnownWidths(measure: MeasureText): boolean {
  const fonts = Object.keys(FONTS) as (keyof typeof FONTS)[]
  return fonts.every(font => measure(SAMPLE, font) <= measureKnown(SAMPLE, font) * MAX_RATIO)
}
