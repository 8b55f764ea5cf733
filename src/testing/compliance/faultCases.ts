import assert from 'node:assert/strict'
import type { BenchCase } from './bench.js'

/** Interrupting, restarting and dying. */
export const faultCases: readonly BenchCase[] = [
  {
    name: 'An abort interrupts the work at hand without a restart',
    async run(bench) {
      const subject = await (await bench.provision()).up()
      const calls = [subject.call({ op: 'wait' }), subject.call({ op: 'wait' })]
      await subject.untilSeen({ waiting: 2 })
      await subject.abort()
      assert.deepEqual(await subject.answerOf(Promise.all(calls), 'wait'), ['interrupted', 'interrupted'])
      assert.deepEqual(await subject.counts(), { waiting: 0, interrupted: 2, aborts: 1 })
      await subject.expectNoMore(['started'])
    },
  },
  {
    name: 'A forced abort restarts it: calls in flight are rejected, later ones are answered by a fresh start',
    async run(bench) {
      const subject = await (await bench.provision()).up()
      await subject.abort()
      assert.equal((await subject.counts()).aborts, 1)
      const calls = [subject.call({ op: 'hang' }), subject.call({ op: 'hang' })]
      await subject.untilSeen({ waiting: 2 })
      await subject.abort({ force: true })
      for (const call of calls) await subject.expectLost(call, 'in flight')
      await subject.expectEvent('stopped')
      await subject.expectEvent('started')
      assert.deepEqual(await subject.counts(), { waiting: 0, interrupted: 0, aborts: 0 })
      await subject.expectNoMore(['started', 'stopped', 'started'])
    },
  },
  {
    name: 'Calls made while it is restarted wait, and are answered',
    async run(bench) {
      const subject = await (await bench.provision()).up()
      const restarted = subject.abort({ force: true })
      const call = subject.call({ op: 'echo', value: 'patient' })
      assert.equal(await subject.answerOf(call, 'echo'), 'patient')
      await restarted
      await subject.expectEvent('stopped')
      await subject.expectEvent('started')
    },
  },
  {
    name: 'Events come in order through starts, restarts and the stop',
    async run(bench) {
      const subject = await (await bench.provision()).up()
      const expected = ['started']
      for (let i = 0; i < 3; i++) {
        await subject.abort({ force: true })
        await subject.expectEvent('stopped')
        await subject.expectEvent('started')
        expected.push('stopped', 'started')
      }
      await subject.stop()
      await subject.expectEvent('stopped')
      await subject.expectNoMore([...expected, 'stopped'])
    },
  },
  {
    name: 'A crash rejects every call in flight, and it comes back by itself',
    needs: 'crash',
    async run(bench) {
      const subject = await (await bench.provision()).up()
      const hanging = subject.call({ op: 'hang' })
      await subject.untilSeen({ waiting: 1 })
      const fatal = subject.call({ op: 'crash' })
      await subject.expectLost(fatal, 'crash')
      await subject.expectLost(hanging, 'in flight during the crash')
      await subject.expectEvent('stopped')
      await subject.expectEvent('started')
      await subject.expectService()
      await subject.expectNoMore(['started', 'stopped', 'started'])
    },
  },
  {
    name: 'Calls made after a crash, before it is back, wait and are answered',
    needs: 'crash',
    async run(bench) {
      const subject = await (await bench.provision()).up()
      const later = subject.on('stopped', () => subject.call({ op: 'echo', value: 'patient' }))
      await subject.expectLost(subject.call({ op: 'crash', signal: 'SIGKILL' }), 'crash')
      await subject.expectEvent('stopped')
      assert.equal(await subject.answerOf(later, 'echo'), 'patient')
      await subject.expectEvent('started')
    },
  },
  {
    name: 'A stop right after a crash leaves it stopped',
    needs: 'crash',
    async run(bench) {
      const subject = await (await bench.provision()).up()
      const stop = subject.on('stopped', () => subject.stop())
      await subject.expectLost(subject.call({ op: 'crash' }), 'crash')
      await subject.expectEvent('stopped')
      await bench.patience.for(stop, 'stop()')
      await subject.expectEvent('stopped')
      await subject.expectLost(subject.call({ op: 'echo', value: 'late' }), 'made after the stop')
      await subject.expectNoMore(['started', 'stopped', 'stopped'])
    },
  },
]
