import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const css = readFileSync('src/inspect/page/page.css', 'utf8')
const colours = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name = '', light = '', dark = '']) => [
    name,
    { light, dark },
  ]),
)

/** Relative luminance as WCAG 2 defines it. */
function luminance(colour: string): number {
  const parts = [1, 3, 5].map(at => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
  const [r = 0, g = 0, b = 0] = parts.map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [less = 0, more = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y)
  return (more + 0.05) / (less + 0.05)
}

describe.each(['light', 'dark'] as const)('The colours of the page, %s', theme => {
  const of = (name: string) => colours.get(name)?.[theme] ?? ''

  it.each([
    ['text', ['panel', 'raised', 'accent-soft']],
    ['muted', ['panel', 'raised', 'accent-soft', 'bg']],
    ['accent', ['panel', 'raised', 'accent-soft']],
    ['highlight', ['panel', 'raised', 'accent-soft', 'warn-soft']],
  ])('have enough contrast for text: %s', (text, grounds) => {
    for (const ground of grounds) expect(contrast(of(text), of(ground)), ground).toBeGreaterThan(4.5)
  })

  it('have enough contrast for the timeline: every phase, calls in flight and switches', () => {
    const marks = [
      'provisioned',
      'starting',
      'running',
      'draining',
      'terminating',
      'stopped',
      'in-flight',
      'accent',
      'edge',
    ]
    for (const mark of marks) expect(contrast(of(mark), of('panel')), mark).toBeGreaterThan(3)
    expect(css).toMatch(/\.bar\.stopped \{\s+--phase: var\(--stopped\);/)
  })

  it('have enough contrast for arrows and the focus', () => {
    for (const line of ['edge', 'accent']) {
      for (const ground of ['panel', 'raised']) expect(contrast(of(line), of(ground))).toBeGreaterThan(3)
    }
  })
})
