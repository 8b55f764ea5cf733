import assert from 'node:assert/strict'
import { isError } from '../../support/index.js'
import type { CaseDefinition } from './caseContext.js'
import { inThisRealm } from './inThisRealm.js'

/** Cases about requests, answers, errors and signals. */
export const callCases: readonly CaseDefinition[] = [
  {
    name: 'Many calls at once each get their own answer, even if the answers arrive in another order',
    async run(context) {
      const runtime = await context.provisionStarted()
      const values = Array.from({ length: 500 }, (_, i) => i)
      const delayOf = (i: number) => (i % 3 === 0 ? { delay: 10 - (i % 10) } : {})
      const calls = values.map(value => runtime.call({ op: 'echo', value, ...delayOf(value) }))
      await runtime.expectAnswer(Promise.all(calls), 'echo', values)
    },
  },
  {
    name: 'Values arrive unchanged, in requests and in answers',
    async run(context) {
      const runtime = await context.provisionStarted()
      for (const [what, value] of Object.entries(VALUES)) {
        const answer = await runtime.request({ op: 'echo', value })
        assert.deepEqual(answer, value, `${what} did not arrive unchanged:`)
      }
    },
  },
  {
    name: 'An error keeps its name, code, message, details and cause, and affects no other call',
    async run(context) {
      const runtime = await context.provisionStarted()
      const details = { field: 'page', limits: [1, 99] }
      const fail = { name: 'PageError', code: 'E_PAGE', message: 'no such page: ü', details, cause: 'torn out' }
      const failing = runtime.call({ op: 'fail', ...fail })
      const other = runtime.call({ op: 'echo', value: 'fine' })
      const error = await runtime.rejectionOf(failing, 'fail')
      assert.ok(isError(error), `The call "fail" must reject with an Error, but rejected with ${error}`)
      const { name, message, cause } = error
      const { code, field, limits } = error as Error & Record<string, unknown>
      const actual = { name, code, message, details: { field, limits }, cause: (cause as Error)?.message }
      assert.deepEqual(inThisRealm(actual), fail, 'The error of the call "fail" has changed:')
      await runtime.expectAnswer(other, 'echo', 'fine')
      await runtime.expectAllEvents(['started'])
    },
  },
  {
    name: "A call whose signal fires rejects with the signal's reason, and the module's signal fires too",
    oneModule: true,
    async run(context) {
      const runtime = await context.provisionStarted()
      const controller = new AbortController()
      const reason = new Error('changed my mind')
      const call = runtime.call({ op: 'wait' }, { signal: controller.signal })
      const other = runtime.call({ op: 'wait' })
      await runtime.waitForCounts({ waiting: 2 })
      controller.abort(reason)
      await runtime.expectRejection(call, 'wait', reason)
      await runtime.waitForCounts({ waiting: 1, interrupted: 1, aborts: 0 })
      await runtime.abort()
      await runtime.expectAnswer(other, 'wait', 'interrupted')
      await runtime.expectAllEvents(['started'])
    },
  },
  {
    name: 'A call whose signal has already fired, or fires while the call waits for the start, is not sent',
    async run(context) {
      const runtime = await context.provision()
      const controller = new AbortController()
      const waiting = runtime.call({ op: 'wait' }, { signal: controller.signal })
      controller.abort('not any more')
      await runtime.expectRejection(waiting, 'made before the start', 'not any more')
      await runtime.startAndWait()
      const dead = runtime.call({ op: 'wait' }, { signal: AbortSignal.abort('too late') })
      await runtime.expectRejection(dead, 'made after its signal fired', 'too late')
      await runtime.expectCounts({ waiting: 0, interrupted: 0, aborts: 0 })
    },
  },
  {
    name: 'A request of the module to its host gets the answer or the error of the host',
    needs: 'hostRequests',
    async run(context) {
      const asked: unknown[] = []
      const runtime = await context.provisionStarted(request => {
        asked.push(request)
        if (request === 'fail') throw Object.assign(new Error('the host says no'), { code: 'E_NO' })
        return { youAsked: request }
      })
      const request = { deep: ['question', 1] }
      await runtime.expectAnswer(runtime.call({ op: 'ask', request }), 'ask', { youAsked: request })
      const error = await runtime.rejectionOf(runtime.call({ op: 'ask', request: 'fail' }), 'ask')
      assert.match(String(error), /the host says no/, 'The module must get the error of its host:')
      assert.deepEqual(inThisRealm(asked), [request, 'fail'], 'The host got other requests than expected:')
    },
  },
]

const VALUES: Readonly<Record<string, unknown>> = {
  null: null,
  booleans: [true, false],
  integers: [0, 23, 24, 255, 256, 65_536, 2 ** 32, Number.MAX_SAFE_INTEGER, -1, -25, Number.MIN_SAFE_INTEGER],
  '64-bit integers': [18_446_744_073_709_551_615n, -9_223_372_036_854_775_808n],
  fractions: [0.5, -1.1, 1e300, Number.MIN_VALUE],
  'empty things': ['', [], {}],
  'text of many kinds': { 'ключ 🔑': 'naïve 漢字 👩‍👩‍👧 \u0000 \u2028' },
  bytes: { none: new Uint8Array(), all: Uint8Array.from({ length: 256 }, (_, i) => i) },
  'nested values': nested(30),
  'long text': 'x'.repeat(100_000),
}

function nested(depth: number): unknown {
  return depth === 0 ? [null, 'the bottom'] : { depth, rest: [nested(depth - 1)] }
}
