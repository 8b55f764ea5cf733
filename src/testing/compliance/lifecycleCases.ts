import assert from 'node:assert/strict'
import { type BenchCase, IDENTITY } from './bench.js'

/** Starting and stopping. */
export const lifecycleCases: readonly BenchCase[] = [
  {
    name: 'It starts, answers calls, tells its id, version and info, and stops',
    async run(bench) {
      const subject = await bench.provision()
      const { runtime } = subject
      assert.equal(runtime.id, IDENTITY.id)
      assert.equal(runtime.getActiveVersion(), IDENTITY.version)
      runtime.start()
      assert.equal((await subject.expectEvent('started')).version, IDENTITY.version)
      assert.equal(await subject.answer({ op: 'echo', value: 'hello' }), 'hello')
      const info = await bench.patience.for(runtime.getInfo(), 'getInfo()')
      assert.equal(info.version, IDENTITY.version)
      await subject.stop()
      await subject.expectEvent('stopped')
      await subject.expectNoMore(['started', 'stopped'])
    },
  },
  {
    name: 'A call made before the start is kept until the runtime is up',
    async run(bench) {
      const subject = await bench.provision()
      const early = subject.call({ op: 'echo', value: 'early' })
      await subject.up()
      assert.equal(await subject.answerOf(early, 'early'), 'early')
    },
  },
  {
    name: 'Calls made while a slow start is under way wait for it, and are answered',
    async run(bench) {
      const subject = await bench.provision({ startDelay: 200 })
      subject.runtime.start()
      const calls = ['a', 'b', 'c'].map(value => subject.call({ op: 'echo', value }))
      assert.deepEqual(await subject.answerOf(Promise.all(calls), 'echo'), ['a', 'b', 'c'])
      await subject.expectEvent('started')
      await subject.expectNoMore(['started'])
    },
  },
  {
    name: 'A start that fails says failedToStart with the reason, is tried again, and calls wait meanwhile',
    async run(bench) {
      const obstacle = await bench.obstacle()
      const subject = await bench.provision({ failWhile: obstacle.path })
      subject.runtime.start()
      const call = subject.call({ op: 'echo', value: 'patient' })
      const { error } = await subject.expectEvent('failedToStart')
      assert.match(String(error?.message), /told not to start/, 'failedToStart should tell why:')
      await obstacle.remove()
      assert.equal(await subject.answerOf(call, 'echo'), 'patient')
      const events = subject.events
      const failures = events.slice(0, -1)
      assert.deepEqual(new Set(failures), new Set(['failedToStart']))
      assert.equal(events.at(-1), 'started')
    },
  },
  {
    name: 'A stop while it starts gives one stopped, no started, and rejects the calls that wait',
    async run(bench) {
      const subject = await bench.provision({ startDelay: 60_000 })
      subject.runtime.start()
      const call = subject.call({ op: 'echo', value: 'too late' })
      await subject.stop()
      await subject.expectEvent('stopped')
      await subject.expectLost(call, 'made while it started')
      await subject.expectNoMore(['stopped'])
    },
  },
  {
    name: 'A stop between two attempts to start gives one stopped, and no further attempt',
    async run(bench) {
      const { path } = await bench.obstacle()
      const subject = await bench.provision({ failWhile: path })
      subject.runtime.start()
      await subject.expectEvent('failedToStart')
      await subject.stop()
      assert.equal(subject.events.at(-1), 'stopped')
      const events = subject.events
      await subject.expectNoMore([...events.slice(0, -1).map(() => 'failedToStart'), 'stopped'])
    },
  },
  {
    name: 'It stops once, however often it is told to',
    async run(bench) {
      const subject = await (await bench.provision()).up()
      await Promise.all([subject.stop(), subject.stop()])
      await subject.expectEvent('stopped')
      await subject.stop()
      await subject.expectNoMore(['started', 'stopped'])
    },
  },
  {
    name: 'A stop before the start gives one stopped, and the runtime does not start any more',
    async run(bench) {
      const subject = await bench.provision()
      const call = subject.call({ op: 'echo', value: 'waits in vain' })
      await subject.stop()
      await subject.expectEvent('stopped')
      await subject.expectLost(call, 'made before the stop')
      subject.runtime.start()
      await subject.expectLost(subject.call({ op: 'echo', value: 'late' }), 'made after the stop')
      await subject.expectNoMore(['stopped'])
    },
  },
  {
    name: 'A stop rejects the calls in flight, and those made afterwards',
    async run(bench) {
      const subject = await (await bench.provision()).up()
      const hanging = subject.call({ op: 'hang' })
      await subject.untilSeen({ waiting: 1 })
      await subject.stop()
      await subject.expectLost(hanging, 'in flight')
      await subject.expectEvent('stopped')
      await subject.expectLost(subject.call({ op: 'echo', value: 'late' }), 'made after the stop')
    },
  },
]
