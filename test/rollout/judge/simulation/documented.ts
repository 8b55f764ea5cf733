import { readFileSync } from 'node:fs'
import { expect } from 'vitest'

const PAGE = readFileSync('docs/judge.md', 'utf8')

/** The cells of a row in docs/judge.md, behind the first one. */
function documented(name: string): string[] {
  const row = PAGE.split('\n').find(line => line.startsWith(`| ${name} |`))
  if (row === undefined) throw new Error(`docs/judge.md has no row "${name}".`)
  return row
    .split('|')
    .slice(2, -1)
    .map(cell => cell.trim())
}

/**
 * Compares figures with their row in docs/judge.md. Those of a full run must be equal, because its seeds are fixed. Those of a
 * short run must be of the same size.
 */
export function expectDocumented(name: string, figures: readonly string[], isFull: boolean): void {
  const row = documented(name)
  if (isFull) {
    expect(`| ${name} | ${row.join(' | ')} |`).toBe(`| ${name} | ${figures.join(' | ')} |`)
    return
  }
  expect(row).toHaveLength(figures.length)
  for (const [n, figure] of figures.entries()) {
    const [theirs, ours] = [numbersIn(row[n] ?? ''), numbersIn(figure)]
    expect(theirs).toHaveLength(ours.length)
    for (const [i, value] of theirs.entries()) {
      expect(value, `${name}: ${row[n]} against ${figure}`).toBeGreaterThanOrEqual((ours[i] ?? 0) / 2)
      expect(value, `${name}: ${row[n]} against ${figure}`).toBeLessThanOrEqual((ours[i] ?? 0) * 2)
    }
  }
}

function numbersIn(text: string): number[] {
  return [...text.matchAll(/\d[\d,]*/g)].map(([digits]) => Number(digits.replaceAll(',', '')))
}

/** `1,502`, or `never`. */
export function inWords(calls: number): string {
  return Number.isFinite(calls) ? calls.toLocaleString('en') : 'never'
}
