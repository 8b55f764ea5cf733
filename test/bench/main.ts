/**
 * `npm run bench` measures and compares speed: fifteen questions, each in its own process. It exits with code 1 if a goal is
 * missed.
 *
 * - numbers: only these questions, such as `npm run bench -- 1 5`
 * - `--short`: one minute for all questions, with half of each goal
 * - `--json`: print JSON instead of tables
 * - `--write`: replace the sections of the measured questions in `docs/performance.md`
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { thisMachine } from './harness/machine.js'
import { measuredSection, withSection } from './harness/performancePage.js'
import { isMet, type Result } from './harness/question.js'
import { sectionOf } from './harness/table.js'

const QUESTIONS = 15
const PAGE = new URL('../../../docs/performance.md', import.meta.url)

const { values: flags, positionals } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
if (flags.short && flags.write) throw new RangeError('--write needs the full form. Leave out --short.')
const numbers =
  positionals.length > 0 ? positionals.map(Number) : Array.from({ length: QUESTIONS }, (_, index) => index + 1)
const unknown = numbers.find(number => !(Number.isInteger(number) && number >= 1 && number <= QUESTIONS))
if (unknown !== undefined) throw new RangeError(`There is no question ${unknown}. The questions are 1 to ${QUESTIONS}.`)
// A page without a place for a section fails before the measurement, which takes minutes.
if (flags.write) for (const number of numbers) withSection(await readFile(PAGE, 'utf8'), number, '')

async function measure(number: number): Promise<Result> {
  const runner = new URL('harness/runQuestion.js', import.meta.url).pathname
  const args = ['--expose-gc', runner, String(number), ...(flags.short ? ['--short'] : [])]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const answered = once(child, 'message')
  const [code] = await Promise.race([once(child, 'exit'), answered.then(() => once(child, 'exit'))])
  if (code !== 0) throw new Error(`Question ${number} exited with code ${code}.`)
  const [result] = await answered
  return result as Result
}

function missedGoals({ number, rows }: Result): string[] {
  return rows.filter(row => !isMet(row, flags)).map(row => `${number}. ${row.what}`)
}

const machine = thisMachine()
const print = flags.json ? () => {} : (text: string) => console.log(text)
print(Object.values(machine).join(' · '))
const results: Result[] = []
for (const number of numbers) {
  let result = await measure(number)
  // A busy machine can slow down anything for a few seconds; a real collapse shows up again.
  for (let retry = 0; flags.short && retry < 2 && missedGoals(result).length > 0; retry++)
    result = await measure(number)
  results.push(result)
  print(`\n${sectionOf(result, flags, { padded: true })}`)
  // Written after each question, so that an interrupted run keeps its results.
  // A question that was skipped keeps its section.
  if (flags.write && result.rows.length > 0)
    await writeFile(PAGE, withSection(await readFile(PAGE, 'utf8'), number, measuredSection(result, machine)))
}
if (flags.json) console.log(JSON.stringify({ machine, short: flags.short, results }, null, 2))
const missed = results.flatMap(missedGoals)
if (missed.length > 0) {
  console.error(`\nMissed: ${missed.join('; ')}`)
  process.exitCode = 1
}
