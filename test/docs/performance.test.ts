import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { measuredSection, withSection } from '../bench/harness/performancePage.js'
import type { Result } from '../bench/harness/question.js'

const PAGE = readFileSync('docs/performance.md', 'utf8')
const QUESTIONS = Array.from({ length: 15 }, (_, index) => index + 1)

const RESULT: Result = {
  number: 2,
  title: 'What does $& cost?',
  rows: [
    {
      what: 'a call',
      against: 'called directly',
      unit: 'µs',
      ours: 3.2149,
      theirs: 2,
      ratio: [1.57, 1.5, 1.6],
      goal: { of: 'ratio', atMost: 1.5 },
    },
    { what: 'failed calls', against: '', unit: '', ours: 0, theirs: null, ratio: null, goal: null },
  ],
}
const MACHINE = {
  date: '2026-12-01',
  node: 'v20.20.2',
  system: 'linux 6.18 x64',
  processors: '2 × CPU',
  memory: '24 GiB',
  commit: 'abc',
}
const SECTION = `## 2. What does $& cost?

| what | against | ours | theirs | ratio | quartiles | goal | met |
|---|---|---|---|---|---|---|---|
| a call | called directly | 3.21 µs | 2 µs | 1.57 × | 1.5 to 1.6 | ≤ 1.5 × | NO |
| failed calls |  | 0 |  |  |  |  |  |

Measured on 2026-12-01 with Node.js v20.20.2 on linux 6.18 x64, 2 × CPU, 24 GiB.`

const place = (number: number, text: string) => `<!-- question ${number} -->${text}<!-- end of question ${number} -->`

describe('docs/performance.md', () => {
  it('says on one screen, 45 lines, what is fast and where we lose', () => {
    const screen = PAGE.split('\n## How it is measured')[0]?.split('\n') ?? []
    expect(screen.length).toBeLessThanOrEqual(45)
    expect(screen).toEqual(expect.arrayContaining(['**Fast**', '**Where we lose**']))
  })

  it.each(QUESTIONS)('has a place for question %i, with its table and when and where it was measured', number => {
    const begin = `<!-- question ${number} -->\n\n## ${number}. `
    const section = PAGE.slice(PAGE.indexOf(begin), PAGE.indexOf(`<!-- end of question ${number} -->`))
    expect(section).toContain('| what | against | ours | theirs | ratio | quartiles | goal | met |\n')
    expect(section).toMatch(/\n\nMeasured on \d{4}-\d\d-\d\d with Node\.js v\S+ on .+\.\n\n$/)
    expect(() => withSection(PAGE, number, '')).not.toThrow()
  })

  it('has no other place', () => {
    expect(PAGE.match(/<!-- question/g)).toHaveLength(QUESTIONS.length)
    expect(PAGE.match(/<!-- end of question/g)).toHaveLength(QUESTIONS.length)
  })
})

describe('npm run bench -- --write', () => {
  it('writes a section with the table, the date and the machine', () => {
    expect(measuredSection(RESULT, MACHINE)).toBe(SECTION)
  })

  it('replaces the section of its question and keeps everything else', () => {
    const page = `# Title\n\n${place(1, 'one')}\n\nA note.\n\n${place(2, 'two')}\n\nAnother note.\n${place(10, 'ten')}\n`
    const expected = page.replace('two', () => `\n\n${SECTION}\n\n`)
    expect(withSection(page, 2, SECTION)).toBe(expected)
    expect(withSection(expected, 2, SECTION)).toBe(expected)
    expect(withSection(page, 10, 'x')).toBe(page.replace('ten', '\n\nx\n\n'))
  })

  it.each([
    ['no place', place(1, '')],
    ['no end', '<!-- question 2 -->'],
    ['the end before the beginning', '<!-- end of question 2 --><!-- question 2 -->'],
    ['two places', `${place(2, 'a')}${place(2, 'b')}`],
    ['two ends', `${place(2, 'a')}<!-- end of question 2 -->`],
  ])('refuses a page with %s for the question', (_, page) => {
    expect(() => withSection(page, 2, SECTION)).toThrow(
      'docs/performance.md must have "<!-- question 2 -->" and, after it, "<!-- end of question 2 -->", once each.',
    )
  })

  it.each([
    [['--write', '--short'], '--write needs the full form. Leave out --short.'],
    [['--write', '16'], 'There is no question 16. The questions are 1 to 15.'],
  ])('is refused with %j before anything is measured', (args, message) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/test/bench/main.js', ...args], {
      encoding: 'utf8',
    })
    expect(stderr).toContain(message)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  })
})
