import type { CaseDefinition } from './caseContext.js'

/** Cases about interrupts, restarts and crashes. */
export const faultCases: readonly CaseDefinition[] = [
  {
    name: 'An abort interrupts the calls in flight without a restart',
    oneModule: true,
    async run(context) {
      const runtime = await context.provisionStarted()
      const calls = [runtime.call({ op: 'wait' }), runtime.call({ op: 'wait' })]
      await runtime.waitForCounts({ waiting: 2 })
      await runtime.abort()
      await runtime.expectAnswer(Promise.all(calls), 'wait', ['interrupted', 'interrupted'])
      await runtime.expectCounts({ waiting: 0, interrupted: 2, aborts: 1 })
      await runtime.expectAllEvents(['started'])
    },
  },
  {
    name: 'A forced abort restarts the runtime: calls in flight reject, and later calls get answers from a fresh start',
    oneModule: true,
    async run(context) {
      const runtime = await context.provisionStarted()
      await runtime.abort()
      await runtime.expectCounts({ waiting: 0, interrupted: 0, aborts: 1 })
      const calls = [runtime.call({ op: 'hang' }), runtime.call({ op: 'hang' })]
      await runtime.waitForCounts({ waiting: 2 })
      await runtime.abort({ force: true })
      for (const call of calls) await runtime.expectLost(call, 'in flight')
      await runtime.expectEvent('stopped')
      await runtime.expectEvent('started')
      await runtime.expectCounts({ waiting: 0, interrupted: 0, aborts: 0 })
      await runtime.expectAllEvents(['started', 'stopped', 'started'])
    },
  },
  {
    name: 'Calls made during a restart wait, and get answers',
    async run(context) {
      const runtime = await context.provisionStarted()
      const restarted = runtime.abort({ force: true })
      const call = runtime.call({ op: 'echo', value: 'waited' })
      await runtime.expectAnswer(call, 'made during the restart', 'waited')
      await restarted
      await runtime.expectEvent('stopped')
      await runtime.expectEvent('started')
    },
  },
  {
    name: 'Events arrive in order through starts, restarts and the stop',
    async run(context) {
      const runtime = await context.provisionStarted()
      const expected = ['started']
      for (let i = 0; i < 3; i++) {
        await runtime.abort({ force: true })
        await runtime.expectEvent('stopped')
        await runtime.expectEvent('started')
        expected.push('stopped', 'started')
      }
      await runtime.stop()
      await runtime.expectEvent('stopped')
      await runtime.expectAllEvents([...expected, 'stopped'])
    },
  },
  {
    name: 'A crash rejects every call in flight, and the runtime restarts by itself',
    needs: 'crash',
    oneModule: true,
    async run(context) {
      const runtime = await context.provisionStarted()
      const hanging = runtime.call({ op: 'hang' })
      await runtime.waitForCounts({ waiting: 1 })
      const fatal = runtime.call({ op: 'crash' })
      await runtime.expectLost(fatal, 'crash')
      await runtime.expectLost(hanging, 'in flight during the crash')
      await runtime.expectEvent('stopped')
      await runtime.expectEvent('started')
      await runtime.expectEcho()
      await runtime.expectAllEvents(['started', 'stopped', 'started'])
    },
  },
  {
    name: 'Calls made after a crash, before the restart, wait and get answers',
    needs: 'crash',
    oneModule: true,
    async run(context) {
      const runtime = await context.provisionStarted()
      const later = runtime.runInside('stopped', () => runtime.call({ op: 'echo', value: 'waited' }))
      await runtime.expectLost(runtime.call({ op: 'crash', signal: 'SIGKILL' }), 'crash')
      await runtime.expectEvent('stopped')
      await runtime.expectAnswer(later, 'made after the crash', 'waited')
      await runtime.expectEvent('started')
    },
  },
  {
    name: 'A stop right after a crash leaves the runtime stopped',
    needs: 'crash',
    oneModule: true,
    async run(context) {
      const runtime = await context.provisionStarted()
      const stop = runtime.runInside('stopped', () => runtime.stop())
      await runtime.expectLost(runtime.call({ op: 'crash' }), 'crash')
      await runtime.expectEvent('stopped')
      await context.deadline.wait(stop, 'stop()')
      await runtime.expectEvent('stopped')
      await runtime.expectLost(runtime.call({ op: 'echo', value: 'late' }), 'made after the stop')
      await runtime.expectAllEvents(['started', 'stopped', 'stopped'])
    },
  },
]
