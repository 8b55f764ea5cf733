import { type Form, isMet, type Question, type Row } from './question.js'

const HEAD = ['what', 'against', 'ours', 'theirs', 'ratio', 'quartiles', 'goal', 'met']

/** A table in Markdown, padded so that a terminal shows it well too. */
export function tableOf(
  { number, title }: Pick<Question, 'number' | 'title'>,
  rows: readonly Row[],
  form: Form,
): string {
  const lines = [HEAD, ...rows.map(row => cells(row, form))]
  const widths = HEAD.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0)))
  const written = lines.map(line => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
  const rule = `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`
  return [`## ${number}. ${title}`, '', written[0], rule, ...written.slice(1)].join('\n')
}

function cells(row: Row, form: Form): string[] {
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

/** Three digits that mean something. */
function digits(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : `${Number(value.toPrecision(value < 10 ? 3 : 4))}`
}
