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

/** Where tests are, examples of tests included, and which files there are run by them. */
const SCANNED: Readonly<Record<string, RegExp>> = {
  test: /\.ts$/,
  'src/testing': /\.ts$/,
  'docs/examples/testing': /\.m?[tj]s$/,
}

const found = Object.entries(SCANNED).flatMap(([folder, scanned]) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => scanned.test(file))
    .map(file => join(folder, file))
    // They are no tests: what they measure is time.
    .filter(file => !file.startsWith('test/bench/'))
    .flatMap(file => waitsInTime(readFileSync(file, 'utf8')).map(wait => ({ file, ...wait }))),
)

describe('Tests do not wait in real time', () => {
  it('Nothing in test/, src/testing/ or docs/examples/testing/ sleeps, or looks again and again, but for what is allowed', () => {
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

const textOf = (name: string) => readFileSync(`test/fixtures/waiting/${name}.txt`, 'utf8').trimEnd()
const linesOf = (name: string) => textOf(name).split('\n')

describe('The rule', () => {
  it.each(linesOf('inTime'))('finds that this waits in real time: %s', code => {
    expect(waitsInTime(`\n${code}\n`)).toEqual([{ line: 2, code: code.trim() }])
  })

  it.each(textOf('inLoops').split('\n---\n'))('finds this where it begins:\n%s', block => {
    const indented = block.replace(/^(?!import)(?=.)/gm, block.startsWith('import') ? '' : '  ')
    expect(waitsInTime(`{\n${indented}\n}\n`).map(({ line }) => line)).toEqual([2])
  })

  it.each(textOf('inUses').split('\n---\n'))('finds every use of what is imported, and not the import:\n%s', block => {
    const [, ...uses] = block.split('\n')
    expect(waitsInTime(`${block}\nconst { delay: its } = request`).map(({ code }) => code)).toEqual(uses)
  })

  it.each(linesOf('forEvents'))('finds nothing wrong with: %s', code => {
    expect(waitsInTime(code)).toEqual([])
  })
})
