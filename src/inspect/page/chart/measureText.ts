import type { MeasureText } from './graph.js'

/** The same as in page.css. A narrow font, so that a chart can be shown larger. */
const FONT_FAMILY = '"Helvetica Neue", Arial, "Liberation Sans", sans-serif'
const FONTS = {
  title: `600 13px ${FONT_FAMILY}`,
  row: `11.5px ${FONT_FAMILY}`,
  // Bold, because the labels of highlighted transitions are.
  label: `600 11.5px ${FONT_FAMILY}`,
}

const context = typeof document === 'undefined' ? null : document.createElement('canvas').getContext('2d')

/** Measures a text in the fonts of the chart. */
export const measureText: MeasureText = (text, font) => {
  if (context === null) return text.length * 7
  context.font = FONTS[font]
  return Math.ceil(context.measureText(text).width)
}
