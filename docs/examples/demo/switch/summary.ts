import { count, milliseconds, paint } from '../format.js'
import type { Latency } from './measure.js'
import type { Results } from './results.js'
import type { EntryKind, TimelineEntry } from './timeline.js'

const COLUMNS = [34, 12, 12, 12]
const LABELS: Readonly<Record<EntryKind, string>> = { call: 'call', event: 'event', observed: '' }

/** The lines of the timeline, the tables and the verdict. */
export function summaryOf(results: Results): string[] {
  return [
    `${paint('bold', 'Timeline')} in ms since the start (call: a method of the aggregate; event: from watchEvents())`,
    ...results.timeline.map(timelineRow),
    '',
    ...table(results),
    '',
    ...errorLines(results),
    verdictOf(results),
  ]
}

function timelineRow({ at, kind, text }: TimelineEntry): string {
  const line = `${at.toFixed(1).padStart(9)}  ${LABELS[kind].padEnd(5)}  ${text}`
  return kind === 'observed' ? paint('dim', line) : line
}

function table(results: Results): string[] {
  const { from, to, answeredBy, longestPause, latency } = results
  return [
    heading('Calls', ''),
    row(`answered by ${from}`, count(answeredBy[from] ?? 0)),
    row(`answered by ${to}`, count(answeredBy[to] ?? 0)),
    row('failed', count(results.failed)),
    row('lost', count(results.lost)),
    row('executed twice', count(results.doubled)),
    row('wrong answer or version', count(results.wrong)),
    '',
    heading('Longest pause between two answers', ''),
    row('around the switch', milliseconds(longestPause.aroundSwitch)),
    row('rest of the run', milliseconds(longestPause.otherwise)),
    '',
    heading('Latency', 'p50', 'p99', 'calls'),
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

function errorLines({ errors }: Results): string[] {
  const lines = Object.entries(errors).map(([text, times]) => `${count(times)} × ${text}`)
  return lines.length === 0 ? [] : [...lines.slice(0, 5), '']
}

function verdictOf({ ok, bad, calls, switched, interrupted }: Results): string {
  const when = interrupted ? `Interrupted${switched ? '' : ' before the switch'}: ` : ''
  const missing = switched || interrupted ? '' : ' The switch did not happen.'
  const sum = `${when}${count(bad)} of ${count(calls)} calls`
  if (!ok) return paint(['bold', 'red'], `✘ ${sum} failed, were lost, ran twice or had a wrong answer.${missing}`)
  return paint(['bold', 'green'], `✔ ${sum} failed, were lost or ran twice; every answer came from an active version.`)
}
