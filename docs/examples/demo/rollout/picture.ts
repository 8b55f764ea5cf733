import { count, paint, seconds } from '../format.js'
import type { Course, Sample, Stage } from './course.js'

type Style = Parameters<typeof paint>[0]
/** A part of a line, and its style. */
type Cell = readonly [text: string, style?: Style]

/** Heights of a column, lowest first. */
const LEVELS = [...' ▁▂▃▄▅▆▇█']
const LABEL = 23
const VALUE = 9
const MARGIN = 2
/** A chart is that wide at most, and is left out below the least width. */
const WIDEST = 60
const NARROWEST = 10
/** ms: the rate is the mean over so long. */
const RATE_OVER = 1_000

/** The picture of a rollout: its stages, three charts over time, and a line of figures. No line is longer than `width`. */
export function pictureOf(course: Course, width: number): string[] {
  const stages = course.stages.map(stage => stageLine(stage, course))
  return [...stages, [], ...charts(course, width), [], figuresOf(course)].map(cells => cutOff(cells, width))
}

/** One line with the stage and the figures of the moment. */
export function liveLine(course: Course, width: number): string {
  const current = course.stages.find(({ begun, ended }) => begun !== null && ended === null)
  const stage = `   ${(current?.name ?? '').padEnd(8)}`
  const judged = course.limit === null ? '' : `   evidence ${amount(course.evidence)} of ${count(course.limit)}`
  return cutOff([...figuresOf(course, stage), [judged]], width)
}

function stageLine({ name, begun, ended, hasFailed, calls, failures }: Stage, course: Course): Cell[] {
  if (begun === null) return [[`    ${name}`, 'dim']]
  const mark: Cell = ended === null ? ['▸', 'cyan'] : hasFailed ? ['✘', 'red'] : ['✔', 'green']
  const time = seconds((ended ?? course.now) - begun)
  const judged = calls === 0 ? '' : `   ${count(failures)} of ${count(calls)} calls of ${course.versions.to} failed`
  const isComparing = ended === null && course.phase === 'crossing'
  const note = isComparing ? `   half go to ${course.versions.from}, to compare` : ''
  return [
    ['  '],
    mark,
    [` ${name.padEnd(8)}${time.padStart(8)}`],
    [judged, failures > 0 ? 'red' : 'dim'],
    [note, 'yellow'],
  ]
}

function charts(course: Course, width: number): Cell[][] {
  const { samples, limit } = course
  const share = samples.at(-1)?.share ?? 0
  const room = Math.min(WIDEST, width - LABEL - VALUE - 2 * MARGIN)
  const columns = room < NARROWEST ? [] : inColumns(samples, room)
  const mostFailed = Math.max(1, ...columns.map(({ failed }) => failed))
  const failed = samples.reduce((sum, sample) => sum + sample.failed, 0)
  const evidenceLevel = (value: number) => Math.log1p(value) / Math.log1p(limit ?? 1)
  const chart = (label: string, value: string, style: Style, level: (sample: Sample) => number): Cell[] => [
    [`${' '.repeat(MARGIN)}${label.padEnd(LABEL)}${value.padStart(VALUE)}${' '.repeat(MARGIN)}`],
    [columns.map(sample => column(level(sample))).join(''), style],
  ]
  const { to } = course.versions
  return [
    chart(`calls to ${to}`, `${share} %`, 'cyan', sample => sample.share / 100),
    chart('failed calls', count(failed), 'red', sample => sample.failed / mostFailed),
    chart(limit === null ? 'evidence' : `evidence, limit ${count(limit)}`, amount(course.evidence), 'yellow', sample =>
      evidenceLevel(sample.evidence),
    ),
  ]
}

/** Merges samples, so that there are at most `room`. */
function inColumns(samples: readonly Sample[], room: number): Sample[] {
  const size = Math.ceil(samples.length / room)
  const columns: Sample[] = []
  for (let at = 0; at < samples.length; at += size) {
    const part = samples.slice(at, at + size)
    const last = part.at(-1)
    if (last === undefined) break
    const evidence = Math.max(...part.map(sample => sample.evidence))
    const failed = part.reduce((sum, sample) => sum + sample.failed, 0)
    columns.push({ ...last, evidence, failed })
  }
  return columns
}

/** The column for a level from 0 to 1; what is not 0 can be seen. */
function column(level: number): string {
  return LEVELS[Math.min(LEVELS.length - 1, Math.ceil(level * (LEVELS.length - 1)))] ?? ' '
}

function figuresOf(course: Course, stage = ''): Cell[] {
  const tallies = [...course.tallies]
  const answered = tallies.map(([version, tally]) => `${count(tally.answered)} by ${version}, `).join('')
  const failed = tallies.reduce((sum, [, tally]) => sum + tally.failed, 0)
  return [
    [`${seconds(course.now).padStart(9)}${stage}   ${count(rateOf(course.samples))} calls/s   ${answered}`],
    [`${count(failed)} failed`, failed > 0 ? 'red' : 'dim'],
  ]
}

function rateOf(samples: readonly Sample[]): number {
  const last = samples.at(-1)
  const first = samples.find(({ at }) => last !== undefined && at >= last.at - RATE_OVER)
  if (last === undefined || first === undefined || last === first) return 0
  return Math.round(((last.settled - first.settled) / (last.at - first.at)) * 1_000)
}

function amount(evidence: number): string {
  if (evidence >= 1e6) return evidence.toExponential(0)
  return evidence < 10 ? evidence.toFixed(1) : count(Math.round(evidence))
}

/** Cuts the line off at `width`, then styles it. */
function cutOff(cells: readonly Cell[], width: number): string {
  let left = width
  const parts = cells.map(([text, style]) => {
    const cut = text.slice(0, left)
    left -= cut.length
    return style === undefined || cut === '' ? cut : paint(style, cut)
  })
  return parts.join('').trimEnd()
}
