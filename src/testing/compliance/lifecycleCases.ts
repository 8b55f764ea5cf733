import assert from 'node:assert/strict'
import { type CaseDefinition, IDENTITY } from './caseContext.js'

/** Cases about start and stop. */
export const lifecycleCases: readonly CaseDefinition[] = [
  {
    name: 'The runtime starts, answers calls, gives its id, version and info, and stops',
    async run(context) {
      const runtime = await context.provision()
      const { target } = runtime
      assert.equal(target.id, IDENTITY.id, 'The runtime has another id than its config:')
      assert.equal(target.getActiveVersion(), IDENTITY.version, 'getActiveVersion() gives another version:')
      target.start()
      const { version } = await runtime.expectEvent('started')
      assert.equal(version, IDENTITY.version, 'The event "started" has another version:')
      await runtime.expectEcho()
      const info = await context.deadline.wait(target.getInfo(), 'getInfo()')
      assert.equal(info.version, IDENTITY.version, 'getInfo() gives another version:')
      await runtime.stop()
      await runtime.expectEvent('stopped')
      await runtime.expectAllEvents(['started', 'stopped'])
    },
  },
  {
    name: 'A call made before the start waits until the runtime is up',
    async run(context) {
      const runtime = await context.provision()
      const early = runtime.call({ op: 'echo', value: 'early' })
      await runtime.startAndWait()
      await runtime.expectAnswer(early, 'made before the start', 'early')
    },
  },
  {
    name: 'Calls made during a slow start wait for it, and get answers',
    async run(context) {
      const runtime = await context.provision({ startDelay: 200 })
      runtime.target.start()
      const calls = ['a', 'b', 'c'].map(value => runtime.call({ op: 'echo', value }))
      await runtime.expectAnswer(Promise.all(calls), 'made during the start', ['a', 'b', 'c'])
      await runtime.expectEvent('started')
      await runtime.expectAllEvents(['started'])
    },
  },
  {
    name: 'A start that fails emits failedToStart with the reason and is retried, and calls wait meanwhile',
    async run(context) {
      const blockingFile = await context.createBlockingFile()
      const runtime = await context.provision({ failWhile: blockingFile.path })
      runtime.target.start()
      const call = runtime.call({ op: 'echo', value: 'waited' })
      const { error } = await runtime.expectEvent('failedToStart')
      assert.match(String(error?.message), /told not to start/, 'failedToStart must give the reason:')
      await blockingFile.remove()
      await runtime.expectAnswer(call, 'made during the failing start', 'waited')
      const failures = runtime.eventTypes.slice(0, -1).map(() => 'failedToStart')
      await runtime.expectAllEvents([...failures, 'started'])
    },
  },
  {
    name: 'A stop during the start emits one stopped and no started, and rejects the waiting calls',
    async run(context) {
      const runtime = await context.provision({ startDelay: 60_000 })
      runtime.target.start()
      const call = runtime.call({ op: 'echo', value: 'too late' })
      await runtime.stop()
      await runtime.expectEvent('stopped')
      await runtime.expectLost(call, 'made during the start')
      await runtime.expectAllEvents(['stopped'])
    },
  },
  {
    name: 'A stop between two attempts to start emits one stopped, and there is no further attempt',
    async run(context) {
      const { path } = await context.createBlockingFile()
      const runtime = await context.provision({ failWhile: path })
      runtime.target.start()
      await runtime.expectEvent('failedToStart')
      await runtime.stop()
      assert.equal(runtime.eventTypes.at(-1), 'stopped', 'stop() must resolve after the event "stopped":')
      const failures = runtime.eventTypes.slice(0, -1).map(() => 'failedToStart')
      await runtime.expectAllEvents([...failures, 'stopped'])
    },
  },
  {
    name: 'The runtime stops once, however often stop() is called',
    async run(context) {
      const runtime = await context.provisionStarted()
      await Promise.all([runtime.stop(), runtime.stop()])
      await runtime.expectEvent('stopped')
      await runtime.stop()
      await runtime.expectAllEvents(['started', 'stopped'])
    },
  },
  {
    name: 'A stop before the start emits one stopped, and the runtime does not start any more',
    async run(context) {
      const runtime = await context.provision()
      const call = runtime.call({ op: 'echo', value: 'never answered' })
      await runtime.stop()
      await runtime.expectEvent('stopped')
      await runtime.expectLost(call, 'made before the stop')
      runtime.target.start()
      await runtime.expectLost(runtime.call({ op: 'echo', value: 'late' }), 'made after the stop')
      await runtime.expectAllEvents(['stopped'])
    },
  },
  {
    name: 'A stop rejects the calls in flight and the calls made afterwards',
    oneModule: true,
    async run(context) {
      const runtime = await context.provisionStarted()
      const hanging = runtime.call({ op: 'hang' })
      await runtime.waitForCounts({ waiting: 1 })
      await runtime.stop()
      await runtime.expectLost(hanging, 'in flight')
      await runtime.expectEvent('stopped')
      await runtime.expectLost(runtime.call({ op: 'echo', value: 'late' }), 'made after the stop')
    },
  },
]
