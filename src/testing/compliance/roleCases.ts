import type { CaseDefinition } from './caseContext.js'

/** Cases about roles. They come with the option `roles`. */
export const roleCases: readonly CaseDefinition[] = [
  {
    name: 'The module hears each role in order, before the calls made after it',
    async run(context) {
      const runtime = await context.provisionStarted()
      await runtime.expectRoles([])
      runtime.setRole('next')
      const asNext = runtime.call({ op: 'roles' })
      runtime.setRole('sharing')
      runtime.setRole('active')
      await runtime.expectRoles(['next', 'sharing', 'active'])
      await runtime.expectAnswer(asNext, 'roles', ['next'])
      runtime.setRole('leaving')
      await runtime.expectRoles(['next', 'sharing', 'active', 'leaving'])
      await runtime.expectAllEvents(['started'])
    },
  },
  {
    name: 'A module that is not up yet hears the last role that was set, before its first call',
    async run(context) {
      const runtime = await context.provision()
      const early = runtime.call({ op: 'roles' })
      runtime.setRole('next')
      const started = runtime.startAndWait()
      runtime.setRole('active')
      await started
      await runtime.expectAnswer(early, 'roles', ['active'])
    },
  },
  {
    name: 'After a restart the module hears its role again, before its first call',
    async run(context) {
      const runtime = await context.provisionStarted()
      runtime.setRole('next')
      runtime.setRole('active')
      const restarted = runtime.abort({ force: true })
      const during = runtime.call({ op: 'roles' })
      await runtime.expectAnswer(during, 'roles', ['active'])
      await restarted
      await runtime.expectEvent('stopped')
      await runtime.expectEvent('started')
      await runtime.expectRoles(['active'])
    },
  },
  {
    name: 'After a crash the module hears the role that it has by then, before its first call',
    needs: 'crash',
    oneModule: true,
    async run(context) {
      const runtime = await context.provisionStarted()
      runtime.setRole('active')
      const later = runtime.runInside('stopped', async () => {
        runtime.setRole('next')
        return runtime.call({ op: 'roles' })
      })
      await runtime.expectLost(runtime.call({ op: 'crash' }), 'crash')
      await runtime.expectEvent('stopped')
      await runtime.expectAnswer(later, 'roles', ['next'])
      await runtime.expectEvent('started')
    },
  },
]
