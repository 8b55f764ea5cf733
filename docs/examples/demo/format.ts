import { styleText } from 'node:util'

/** Formats 12345 as 12,345. */
export function count(value: number): string {
  return value.toLocaleString('en')
}

export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

export function milliseconds(value: number | null): string {
  return value === null ? '–' : `${value.toFixed(1)} ms`
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

/** Styles the text on a terminal with colours, unless `NO_COLOR` is set. */
export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.isTTY && process.stdout.hasColors() ? styleText(style, text) : text
}
