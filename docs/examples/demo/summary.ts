import type { Figures } from './figures.js'
import { count, milliseconds, paint } from './format.js'
import type { Latency } from './measure.js'
import type { Entry, EntryKind } from './timeline.js'

const COLUMNS = [34, 12, 12, 12]
const LABELS: Readonly<Record<EntryKind, string>> = { did: 'call', event: 'event', saw: '' }

/** Timeline, table and verdict, as lines. */
export function summaryOf(figures: Figures): string[] {
  return [
    `${paint('bold', 'What happened')}, in ms since the start (call: of the aggregate; event: from its watchEvents())`,
    ...figures.timeline.map(timelineRow),
    '',
    ...table(figures),
    '',
    ...errorLines(figures),
    verdictOf(figures),
  ]
}

function timelineRow({ at, kind, text }: Entry): string {
  const line = `${at.toFixed(1).padStart(9)}  ${LABELS[kind].padEnd(5)}  ${text}`
  return kind === 'saw' ? paint('dim', line) : line
}

function table(figures: Figures): string[] {
  const { from, to, answeredBy, longestPause, latency } = figures
  return [
    heading('Calls', ''),
    row(`answered by ${from}`, count(answeredBy[from] ?? 0)),
    row(`answered by ${to}`, count(answeredBy[to] ?? 0)),
    row('failed', count(figures.failed)),
    row('lost', count(figures.lost)),
    row('doubled', count(figures.doubled)),
    row('answered by the wrong version', count(figures.wrong)),
    '',
    heading('Longest pause between two answers', ''),
    row('around the switch', milliseconds(longestPause.aroundSwitch)),
    row('in the rest of the run', milliseconds(longestPause.otherwise)),
    '',
    heading('Time to an answer', 'p50', 'p99', 'calls'),
    latencyRow('before the switch', latency.before),
    latencyRow('during the switch', latency.during),
    latencyRow('after the switch', latency.after),
  ]
}

function latencyRow(label: string, { p50, p99, calls }: Latency): string {
  return row(label, milliseconds(p50), milliseconds(p99), count(calls))
}

function heading(...cells: string[]): string {
  return paint('bold', align(cells))
}

function row(label: string, ...cells: string[]): string {
  return align([`  ${label}`, ...cells])
}

function align(cells: readonly string[]): string {
  const aligned = cells.map((cell, index) => {
    const width = COLUMNS[index] ?? 0
    return index === 0 ? cell.padEnd(width) : cell.padStart(width)
  })
  return aligned.join('').trimEnd()
}

function errorLines({ errors }: Figures): string[] {
  const lines = Object.entries(errors).map(([text, times]) => `${count(times)} × ${text}`)
  return lines.length === 0 ? [] : [...lines.slice(0, 5), '']
}

function verdictOf({ ok, bad, calls, switched, interrupted }: Figures): string {
  const when = interrupted ? `Interrupted${switched ? '' : ' before the switch'}: ` : ''
  const missing = switched || interrupted ? '' : ' The switch did not take place.'
  const sum = `${when}${count(bad)} of ${count(calls)} calls failed, lost`
  if (!ok) return paint(['bold', 'red'], `✘ ${sum}, doubled or answered by the wrong version.${missing}`)
  return paint(['bold', 'green'], `✔ ${sum} or doubled; every answer came from a version that was active.`)
}
