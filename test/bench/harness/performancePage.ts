import type { Machine } from './machine.js'
import type { Result } from './question.js'
import { sectionOf } from './table.js'

/**
 * Replaces the section of one question in `docs/performance.md`, and nothing else. The section is the text between
 * `<!-- question N -->` and `<!-- end of question N -->`.
 *
 * @throws Error if the page has no such place, or two
 */
export function withSection(page: string, number: number, section: string): string {
  const [begin, end] = [`<!-- question ${number} -->`, `<!-- end of question ${number} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  const isUnique = from === page.lastIndexOf(begin) && to === page.lastIndexOf(end)
  if (from === -1 || to < from || !isUnique) {
    throw new Error(`docs/performance.md must have "${begin}" and, after it, "${end}", once each. Add them.`)
  }
  return `${page.slice(0, from)}${begin}\n\n${section}\n\n${page.slice(to)}`
}

/** The section of a measured question, with the date and the machine of the measurement. */
export function measuredSection(result: Result, machine: Machine): string {
  const { date, node, system, processors, memory } = machine
  const table = sectionOf(result, { short: false })
  return `${table}\n\nMeasured on ${date} with Node.js ${node} on ${system}, ${processors}, ${memory}.`
}
