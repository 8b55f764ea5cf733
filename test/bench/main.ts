/**
 * Answers the questions of speed, each in a process of its own: `npm run bench`, with the numbers of the questions for only
 * those; `--short` for a minute in all, with half of each goal; `--json` for machines. Ends with exit code 1 if a goal is
 * missed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { thisMachine } from './harness/machine.js'
import { isMet } from './harness/question.js'
import type { Result } from './harness/runQuestion.js'
import { tableOf } from './harness/table.js'

const QUESTIONS = 10

const { values: flags, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const numbers =
  positionals.length > 0 ? positionals.map(Number) : Array.from({ length: QUESTIONS }, (_, index) => index + 1)
const unknown = numbers.find(number => !(Number.isInteger(number) && number >= 1 && number <= QUESTIONS))
if (unknown !== undefined) throw new RangeError(`There are questions 1 to ${QUESTIONS}, and no ${unknown}.`)

async function ask(number: number): Promise<Result> {
  const runner = new URL('harness/runQuestion.js', import.meta.url).pathname
  const args = ['--expose-gc', runner, String(number), ...(flags.short ? ['--short'] : [])]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const answered = once(child, 'message')
  const [code] = await Promise.race([once(child, 'exit'), answered.then(() => once(child, 'exit'))])
  if (code !== 0) throw new Error(`Question ${number} ended with exit code ${code}.`)
  const [result] = await answered
  return result as Result
}

function missedOf({ number, rows }: Result): string[] {
  return rows.filter(row => !isMet(row, flags)).map(row => `${number}. ${row.what}`)
}

const machine = thisMachine()
const say = flags.json ? () => {} : (text: string) => console.log(text)
say(Object.values(machine).join(' · '))
const results: Result[] = []
for (const number of numbers) {
  let result = await ask(number)
  // In a few seconds a busy machine can make anything slow; a collapse is there again.
  for (let again = 0; flags.short && again < 2 && missedOf(result).length > 0; again++) result = await ask(number)
  results.push(result)
  say(`\n${tableOf(result, result.rows, flags)}`)
}
if (flags.json) console.log(JSON.stringify({ machine, short: flags.short, results }, null, 2))
const missed = results.flatMap(missedOf)
if (missed.length > 0) {
  console.error(`\nMissed: ${missed.join('; ')}`)
  process.exitCode = 1
}
