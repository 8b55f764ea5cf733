import assert from 'node:assert/strict'
import { type CaseDefinition, IDENTITY } from './caseContext.js'

/** Starting and stopping. */
export const lifecycleCases: readonly CaseDefinition[] = [
  {
    name: 'It starts, answers calls, tells its id, version and info, and stops',
    async run(context) {
      const runtime = await context.provision()
      const { target } = runtime
      assert.equal(target.id, IDENTITY.id)
      assert.equal(target.getActiveVersion(), IDENTITY.version)
      target.start()
      assert.equal((await runtime.expectEvent('started')).version, IDENTITY.version)
      assert.equal(await runtime.answer({ op: 'echo', value: 'hello' }), 'hello')
      const info = await context.deadline.wait(target.getInfo(), 'getInfo()')
      assert.equal(info.version, IDENTITY.version)
      await runtime.stop()
      await runtime.expectEvent('stopped')
      await runtime.expectNoMore(['started', 'stopped'])
    },
  },
  {
    name: 'A call made before the start is kept until the runtime is up',
    async run(context) {
      const runtime = await context.provision()
      const early = runtime.call({ op: 'echo', value: 'early' })
      await runtime.up()
      assert.equal(await runtime.answerOf(early, 'early'), 'early')
    },
  },
  {
    name: 'Calls made while a slow start is under way wait for it, and are answered',
    async run(context) {
      const runtime = await context.provision({ startDelay: 200 })
      runtime.target.start()
      const calls = ['a', 'b', 'c'].map(value => runtime.call({ op: 'echo', value }))
      assert.deepEqual(await runtime.answerOf(Promise.all(calls), 'echo'), ['a', 'b', 'c'])
      await runtime.expectEvent('started')
      await runtime.expectNoMore(['started'])
    },
  },
  {
    name: 'A start that fails says failedToStart with the reason, is tried again, and calls wait meanwhile',
    async run(context) {
      const obstacle = await context.obstacle()
      const runtime = await context.provision({ failWhile: obstacle.path })
      runtime.target.start()
      const call = runtime.call({ op: 'echo', value: 'patient' })
      const { error } = await runtime.expectEvent('failedToStart')
      assert.match(String(error?.message), /told not to start/, 'failedToStart should tell why:')
      await obstacle.remove()
      assert.equal(await runtime.answerOf(call, 'echo'), 'patient')
      const events = runtime.events
      const failures = events.slice(0, -1)
      assert.deepEqual(new Set(failures), new Set(['failedToStart']))
      assert.equal(events.at(-1), 'started')
    },
  },
  {
    name: 'A stop while it starts gives one stopped, no started, and rejects the calls that wait',
    async run(context) {
      const runtime = await context.provision({ startDelay: 60_000 })
      runtime.target.start()
      const call = runtime.call({ op: 'echo', value: 'too late' })
      await runtime.stop()
      await runtime.expectEvent('stopped')
      await runtime.expectLost(call, 'made while it started')
      await runtime.expectNoMore(['stopped'])
    },
  },
  {
    name: 'A stop between two attempts to start gives one stopped, and no further attempt',
    async run(context) {
      const { path } = await context.obstacle()
      const runtime = await context.provision({ failWhile: path })
      runtime.target.start()
      await runtime.expectEvent('failedToStart')
      await runtime.stop()
      assert.equal(runtime.events.at(-1), 'stopped')
      const events = runtime.events
      await runtime.expectNoMore([...events.slice(0, -1).map(() => 'failedToStart'), 'stopped'])
    },
  },
  {
    name: 'It stops once, however often it is told to',
    async run(context) {
      const runtime = await (await context.provision()).up()
      await Promise.all([runtime.stop(), runtime.stop()])
      await runtime.expectEvent('stopped')
      await runtime.stop()
      await runtime.expectNoMore(['started', 'stopped'])
    },
  },
  {
    name: 'A stop before the start gives one stopped, and the runtime does not start any more',
    async run(context) {
      const runtime = await context.provision()
      const call = runtime.call({ op: 'echo', value: 'waits in vain' })
      await runtime.stop()
      await runtime.expectEvent('stopped')
      await runtime.expectLost(call, 'made before the stop')
      runtime.target.start()
      await runtime.expectLost(runtime.call({ op: 'echo', value: 'late' }), 'made after the stop')
      await runtime.expectNoMore(['stopped'])
    },
  },
  {
    name: 'A stop rejects the calls in flight, and those made afterwards',
    async run(context) {
      const runtime = await (await context.provision()).up()
      const hanging = runtime.call({ op: 'hang' })
      await runtime.untilSeen({ waiting: 1 })
      await runtime.stop()
      await runtime.expectLost(hanging, 'in flight')
      await runtime.expectEvent('stopped')
      await runtime.expectLost(runtime.call({ op: 'echo', value: 'late' }), 'made after the stop')
    },
  },
]
