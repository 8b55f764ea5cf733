import assert from 'node:assert/strict'
import { isError } from '../../realms.js'
import type { BenchCase } from './bench.js'
import { inThisRealm } from './inThisRealm.js'

/** Requests, answers, errors and signals. */
export const callCases: readonly BenchCase[] = [
  {
    name: 'Many calls at once each get their own answer, also when those come in another order',
    async run(bench) {
      const subject = await (await bench.provision()).up()
      const values = Array.from({ length: 500 }, (_, i) => i)
      const delayOf = (i: number) => (i % 3 === 0 ? { delay: 10 - (i % 10) } : {})
      const calls = values.map(value => subject.call({ op: 'echo', value, ...delayOf(value) }))
      assert.deepEqual(await subject.answerOf(Promise.all(calls), 'echo'), values)
    },
  },
  {
    name: 'Values arrive whole, there and back',
    async run(bench) {
      const subject = await (await bench.provision()).up()
      for (const [what, value] of Object.entries(VALUES)) {
        const answer = await subject.answer({ op: 'echo', value })
        assert.deepEqual(answer, value, `${what} did not arrive whole:`)
      }
    },
  },
  {
    name: 'An error keeps its name, code, message, details and cause, and hurts no other call',
    async run(bench) {
      const subject = await (await bench.provision()).up()
      const details = { field: 'page', limits: [1, 99] }
      const fail = { name: 'PageError', code: 'E_PAGE', message: 'no such page: ü', details, cause: 'torn out' }
      const failing = subject.call({ op: 'fail', ...fail })
      const other = subject.call({ op: 'echo', value: 'fine' })
      const error = await subject.rejectionOf(failing, 'fail')
      assert.ok(isError(error), `The call "fail" should have rejected with an Error, not with ${error}`)
      const { name, message, cause } = error
      const { code, field, limits } = error as Error & Record<string, unknown>
      const arrived = { name, code, message, details: { field, limits }, cause: (cause as Error)?.message }
      assert.deepEqual(inThisRealm(arrived), fail)
      assert.equal(await subject.answerOf(other, 'echo'), 'fine')
      await subject.expectNoMore(['started'])
    },
  },
  {
    name: "A call whose signal fires rejects with the signal's reason, and the module hears of it",
    async run(bench) {
      const subject = await (await bench.provision()).up()
      const controller = new AbortController()
      const reason = new Error('changed my mind')
      const call = subject.call({ op: 'wait' }, { signal: controller.signal })
      const other = subject.call({ op: 'wait' })
      await subject.untilSeen({ waiting: 2 })
      controller.abort(reason)
      assert.equal(await subject.rejectionOf(call, 'wait'), reason)
      await subject.untilSeen({ waiting: 1, interrupted: 1, aborts: 0 })
      await subject.abort()
      assert.equal(await subject.answerOf(other, 'wait'), 'interrupted')
      await subject.expectNoMore(['started'])
    },
  },
  {
    name: 'A call whose signal has fired already, or fires while it waits for the start, is not sent',
    async run(bench) {
      const subject = await bench.provision()
      const controller = new AbortController()
      const waiting = subject.call({ op: 'wait' }, { signal: controller.signal })
      controller.abort('not any more')
      assert.equal(await subject.rejectionOf(waiting, 'wait'), 'not any more')
      await subject.up()
      const dead = subject.call({ op: 'wait' }, { signal: AbortSignal.abort('too late') })
      assert.equal(await subject.rejectionOf(dead, 'wait'), 'too late')
      assert.deepEqual(await subject.counts(), { waiting: 0, interrupted: 0, aborts: 0 })
    },
  },
  {
    name: 'The module asks its host, and gets its answer or its error',
    needs: 'hostRequests',
    async run(bench) {
      const asked: unknown[] = []
      const subject = await bench.provision({}, request => {
        asked.push(request)
        if (request === 'fail') throw Object.assign(new Error('the host says no'), { code: 'E_NO' })
        return { youAsked: request }
      })
      await subject.up()
      const request = { deep: ['question', 1] }
      assert.deepEqual(await subject.answer({ op: 'ask', request }), { youAsked: request })
      const error = await subject.rejectionOf(subject.call({ op: 'ask', request: 'fail' }), 'ask')
      assert.match(String(error), /the host says no/)
      assert.deepEqual(inThisRealm(asked), [request, 'fail'])
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
