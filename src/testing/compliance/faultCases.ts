import assert from 'node:assert/strict'
import type { CaseDefinition } from './caseContext.js'

/** Interrupting, restarting and dying. */
export const faultCases: readonly CaseDefinition[] = [
  {
    name: 'An abort interrupts the work at hand without a restart',
    async run(context) {
      const runtime = await (await context.provision()).up()
      const calls = [runtime.call({ op: 'wait' }), runtime.call({ op: 'wait' })]
      await runtime.untilSeen({ waiting: 2 })
      await runtime.abort()
      assert.deepEqual(await runtime.answerOf(Promise.all(calls), 'wait'), ['interrupted', 'interrupted'])
      assert.deepEqual(await runtime.counts(), { waiting: 0, interrupted: 2, aborts: 1 })
      await runtime.expectNoMore(['started'])
    },
  },
  {
    name: 'A forced abort restarts it: calls in flight are rejected, later ones are answered by a fresh start',
    async run(context) {
      const runtime = await (await context.provision()).up()
      await runtime.abort()
      assert.equal((await runtime.counts()).aborts, 1)
      const calls = [runtime.call({ op: 'hang' }), runtime.call({ op: 'hang' })]
      await runtime.untilSeen({ waiting: 2 })
      await runtime.abort({ force: true })
      for (const call of calls) await runtime.expectLost(call, 'in flight')
      await runtime.expectEvent('stopped')
      await runtime.expectEvent('started')
      assert.deepEqual(await runtime.counts(), { waiting: 0, interrupted: 0, aborts: 0 })
      await runtime.expectNoMore(['started', 'stopped', 'started'])
    },
  },
  {
    name: 'Calls made while it is restarted wait, and are answered',
    async run(context) {
      const runtime = await (await context.provision()).up()
      const restarted = runtime.abort({ force: true })
      const call = runtime.call({ op: 'echo', value: 'patient' })
      assert.equal(await runtime.answerOf(call, 'echo'), 'patient')
      await restarted
      await runtime.expectEvent('stopped')
      await runtime.expectEvent('started')
    },
  },
  {
    name: 'Events come in order through starts, restarts and the stop',
    async run(context) {
      const runtime = await (await context.provision()).up()
      const expected = ['started']
      for (let i = 0; i < 3; i++) {
        await runtime.abort({ force: true })
        await runtime.expectEvent('stopped')
        await runtime.expectEvent('started')
        expected.push('stopped', 'started')
      }
      await runtime.stop()
      await runtime.expectEvent('stopped')
      await runtime.expectNoMore([...expected, 'stopped'])
    },
  },
  {
    name: 'A crash rejects every call in flight, and it comes back by itself',
    needs: 'crash',
    async run(context) {
      const runtime = await (await context.provision()).up()
      const hanging = runtime.call({ op: 'hang' })
      await runtime.untilSeen({ waiting: 1 })
      const fatal = runtime.call({ op: 'crash' })
      await runtime.expectLost(fatal, 'crash')
      await runtime.expectLost(hanging, 'in flight during the crash')
      await runtime.expectEvent('stopped')
      await runtime.expectEvent('started')
      await runtime.expectService()
      await runtime.expectNoMore(['started', 'stopped', 'started'])
    },
  },
  {
    name: 'Calls made after a crash, before it is back, wait and are answered',
    needs: 'crash',
    async run(context) {
      const runtime = await (await context.provision()).up()
      const later = runtime.on('stopped', () => runtime.call({ op: 'echo', value: 'patient' }))
      await runtime.expectLost(runtime.call({ op: 'crash', signal: 'SIGKILL' }), 'crash')
      await runtime.expectEvent('stopped')
      assert.equal(await runtime.answerOf(later, 'echo'), 'patient')
      await runtime.expectEvent('started')
    },
  },
  {
    name: 'A stop right after a crash leaves it stopped',
    needs: 'crash',
    async run(context) {
      const runtime = await (await context.provision()).up()
      const stop = runtime.on('stopped', () => runtime.stop())
      await runtime.expectLost(runtime.call({ op: 'crash' }), 'crash')
      await runtime.expectEvent('stopped')
      await context.deadline.wait(stop, 'stop()')
      await runtime.expectEvent('stopped')
      await runtime.expectLost(runtime.call({ op: 'echo', value: 'late' }), 'made after the stop')
      await runtime.expectNoMore(['started', 'stopped', 'stopped'])
    },
  },
]
