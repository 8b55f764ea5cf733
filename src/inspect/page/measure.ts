import type { Measure } from './graph.js'

const FONTS = {
  title: '600 13px system-ui, sans-serif',
  row: '11.5px system-ui, sans-serif',
  label: '11.5px system-ui, sans-serif',
}

const context = typeof document === 'undefined' ? null : document.createElement('canvas').getContext('2d')

/** How wide a text is in the fonts of the chart. */
export const measureText: Measure = (text, font) => {
  if (context === null) return text.length * 7
  context.font = FONTS[font]
  return Math.ceil(context.measureText(text).width)
}
