import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { waitsInTime } from '../fixtures/waiting/waitsInTime.js'

/** The only lines that may have to do with real time, and why. Programs that are started (`*.mjs`, …) may be slow. */
const ALLOWED = JSON.parse(readFileSync('test/fixtures/waiting/allowed.json', 'utf8')) as readonly {
  readonly file: string
  readonly code: string
  readonly reason: string
}[]

const found = ['test', 'src/testing'].flatMap(folder =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => join(folder, file))
    .flatMap(file => waitsInTime(readFileSync(file, 'utf8')).map(wait => ({ file, ...wait }))),
)

describe('Tests do not wait in real time', () => {
  it('Nothing in test/ or src/testing/ sleeps, or looks again and again, but for what is allowed', () => {
    const isAllowed = (wait: (typeof found)[number]) =>
      ALLOWED.some(({ file, code }) => file === wait.file && code === wait.code)
    const others = found.filter(wait => !isAllowed(wait))
    expect(others.map(({ file, line, code }) => `${file}:${line}: ${code}`)).toEqual([])
  })

  it.each(ALLOWED)('What is allowed in $file is there, once, for a reason: $reason', ({ file, code, reason }) => {
    expect(reason).toMatch(/\w.*\.$/)
    expect(found.filter(wait => wait.file === file && wait.code === code)).toHaveLength(1)
  })
})

const linesOf = (name: string) => readFileSync(`test/fixtures/waiting/${name}.txt`, 'utf8').trimEnd().split('\n')

describe('The rule', () => {
  it.each(linesOf('inTime'))('finds that this waits in real time: %s', code => {
    expect(waitsInTime(`\n${code}\n`)).toEqual([{ line: 2, code: code.trim() }])
  })

  it('finds a loop over several lines where it begins', () => {
    const loop = (body: string) => [
      '{',
      '  while (!isDone()) {',
      '    look()',
      '',
      body,
      '  }',
      '  await setImmediate()',
      '}',
    ]
    expect(waitsInTime(loop('    await setImmediate()').join('\n'))).toEqual([{ line: 2, code: 'while (!isDone()) {' }])
    expect(waitsInTime(loop('    await answer()').join('\n'))).toEqual([])
  })

  it.each(linesOf('forEvents'))('finds nothing wrong with: %s', code => {
    expect(waitsInTime(code)).toEqual([])
  })
})
