/** The process of one question. Arguments: its number, and `--short`. It sends the {@link Result} to its parent. */
import { parseArgs } from 'node:util'
import type { Form, Question, Result } from './question.js'

const MODULES: Readonly<Record<string, () => Promise<{ readonly question: Question }>>> = {
  1: () => import('../questions/call.js'),
  2: () => import('../questions/processHost.js'),
  3: () => import('../questions/workerHost.js'),
  4: () => import('../questions/switchPause.js'),
  5: () => import('../questions/wakeUp.js'),
  6: () => import('../questions/controlPlane.js'),
  7: () => import('../questions/fanOut.js'),
  8: () => import('../questions/startUp.js'),
  9: () => import('../questions/longRun.js'),
  10: () => import('../questions/inspection.js'),
  11: () => import('../questions/underLoad.js'),
  12: () => import('../questions/streams.js'),
  13: () => import('../questions/pools.js'),
  14: () => import('../questions/http.js'),
  15: () => import('../questions/remote.js'),
}

const { values: form, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const load = MODULES[positionals[0] ?? '']
if (load === undefined) throw new RangeError(`There is no question ${positionals[0]}.`)
// Exit with the parent.
process.once('disconnect', () => process.exit())
const { question } = await load()
const { number, title } = question
const result: Result = { number, title, rows: await question.run(form satisfies Form) }
if (process.send === undefined) console.log(JSON.stringify(result))
else process.send(result, () => process.disconnect())
