import { type Form, isMet, type Result, type Row } from './question.js'

const HEAD = ['what', 'against', 'ours', 'theirs', 'ratio', 'quartiles', 'goal', 'met']

/** A section in Markdown. With `padded`, the columns of its table also line up in a terminal. */
export function sectionOf({ number, title, rows }: Result, form: Form, { padded = false } = {}): string {
  const lines = [HEAD, ...rows.map(row => cellsOf(row, form))]
  const widths = HEAD.map((_, column) => (padded ? Math.max(...lines.map(line => line[column]?.length ?? 0)) : 0))
  const [head, ...body] = lines.map(
    line => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  )
  const rule = `|${widths.map(width => (padded ? '-'.repeat(width + 2) : '---')).join('|')}|`
  return [`## ${number}. ${title}`, '', head, rule, ...body].join('\n')
}

function cellsOf(row: Row, form: Form): string[] {
  const { what, against, unit, ours, theirs, ratio, goal } = row
  return [
    what,
    against,
    withUnit(ours, unit),
    theirs === null ? '' : withUnit(theirs, unit),
    ratio === null ? '' : `${digits(ratio[0])} ×`,
    quartilesOf(row),
    goalOf(row),
    goal === null ? '' : isMet(row, form) ? 'yes' : 'NO',
  ]
}

function quartilesOf({ ratio }: Row): string {
  const [, lower, upper] = ratio ?? []
  return lower === undefined || upper === undefined ? '' : `${digits(lower)} to ${digits(upper)}`
}

function goalOf({ goal, unit }: Row): string {
  if (goal === null) return ''
  const { of, atLeast, atMost } = goal
  const value = (limit: number) => (of === 'ratio' ? `${limit} ×` : withUnit(limit, unit))
  if (atLeast !== undefined) return `≥ ${value(atLeast)}`
  return atMost === undefined ? '' : `≤ ${value(atMost)}`
}

function withUnit(value: number, unit: string): string {
  return unit === '' ? digits(value) : `${digits(value)} ${unit}`
}

/** Rounds to three or four significant digits. */
function digits(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : `${Number(value.toPrecision(value < 10 ? 3 : 4))}`
}
