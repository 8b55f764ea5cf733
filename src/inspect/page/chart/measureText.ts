import type { Measure } from './graph.js'

/** As in page.css: narrow letters, so that a chart can be shown larger. */
const FACE = '"Helvetica Neue", Arial, "Liberation Sans", sans-serif'
const FONTS = {
  title: `600 13px ${FACE}`,
  row: `11.5px ${FACE}`,
  // What was taken last is written bold.
  label: `600 11.5px ${FACE}`,
}

const context = typeof document === 'undefined' ? null : document.createElement('canvas').getContext('2d')

/** How wide a text is in the fonts of the chart. */
export const measureText: Measure = (text, font) => {
  if (context === null) return text.length * 7
  context.font = FONTS[font]
  return Math.ceil(context.measureText(text).width)
}
