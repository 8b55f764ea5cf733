import { describe, expect, it } from 'vitest'
import { Hosting, rejectionOf } from '../fixtures/hosting.js'

const BAD_SIGNALS = [{}, { addEventListener() {} }, { aborted: true }, 'x', 7, true, () => {}]
const BAD_OPTIONS = [null, 'x', 7, true]

/** Every method that takes options with a signal, and the rules that it goes by. */
const METHODS = [
  ['S15', 'call', (hosting: Hosting, options: never) => hosting.aggregate.call('a', options)],
  ['S21', 'whenRunning', (hosting: Hosting, options: never) => hosting.aggregate.whenRunning(options)],
  ['S21', 'getInfo', (hosting: Hosting, options: never) => hosting.aggregate.getInfo(options)],
  ['S21', 'abort', (hosting: Hosting, options: never) => hosting.aggregate.abort(options)],
] as const

const refused = (option: string) =>
  expect.objectContaining({
    code: 'CUTOVER_INVALID_OPTION',
    message: expect.stringMatching(new RegExp(`^Option "${option}" must be an .*, got `)),
  })

describe('signals', () => {
  for (const [rule, name, act] of METHODS) {
    it(`${rule}: ${name} refuses a signal that is none by name, with an active version and without`, async () => {
      const hosting = new Hosting()
      const refuses = async () => {
        for (const signal of BAD_SIGNALS) {
          expect(await rejectionOf(act(hosting, { signal } as never))).toEqual(refused('signal'))
        }
        for (const options of BAD_OPTIONS) {
          expect(await rejectionOf(act(hosting, options as never))).toEqual(refused('options'))
        }
      }
      await refuses()
      const runtime = await hosting.serve('1.0.0')
      await refuses()
      expect(runtime.calls).toEqual([])
      expect(runtime.aborts).toEqual([])
    })

    it(`${rule}: ${name} takes no signal, and one of another realm`, async () => {
      const hosting = new Hosting()
      const runtime = await hosting.serve('1.0.0')
      const foreign = { aborted: false, addEventListener() {}, removeEventListener() {} }
      for (const signal of [undefined, null, foreign]) {
        const done = act(hosting, { signal } as never)
        runtime.answerAll()
        await done
      }
    })
  }
})
