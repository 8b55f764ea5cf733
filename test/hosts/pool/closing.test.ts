import { Aggregate, type Runtime } from 'cutover'
import { type Provisioner, pool } from 'cutover/hosts'
import { expect, it } from 'vitest'
import type { GuestReports } from '../../../src/hosts/supervised/guest.js'
import { compileSupervised } from '../../../src/hosts/supervised/supervisedOptions.js'
import { SupervisedRuntime } from '../../../src/hosts/supervised/supervisedRuntime.js'
import { FakeGuest } from '../../fixtures/fakeGuest.js'
import { microtasks, stateOf } from '../../fixtures/hosting.js'
import { SteppedClock } from '../../fixtures/steppedClock.js'

const FOR_EVER = Number.POSITIVE_INFINITY
const TIMES = {
  watchdogInterval: FOR_EVER,
  watchdogTimeout: 1,
  cancelTimeout: 2,
  discardTimeout: 3,
  shutdownTimeout: 4,
  killTimeout: 5,
}

it('If one instance is back before another, which takes no calls either, has said that it stopped, the pool serves again', async () => {
  const clock = new SteppedClock()
  const options = compileSupervised({ clock, minBackoff: 10, jitter: 0 }, TIMES)
  const reports: GuestReports[] = []
  const provisioner: Provisioner = {
    name: 'fake',
    provision: config => {
      const number = config.instance ?? 0
      const runtime = new SupervisedRuntime<string, string>({ ...config, version: '1.0.0' }, options, its => {
        reports[number] = its
        return new FakeGuest(its, [])
      })
      return runtime as unknown as Runtime<never, never>
    },
  }
  const aggregate = new Aggregate<string, string>({ id: 'x' })
  const events: string[] = []
  aggregate.watchEvents().subscribe(({ type }) => events.push(type))
  const runtime = pool(provisioner, { size: 2, concurrentStarts: 2, clock }).provision<string, string>({
    id: 'x',
    version: '1.0.0',
  })
  aggregate.addVersion('1.0.0', runtime)
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  const comeUp = (number: number) => {
    reports[number]?.connected()
    reports[number]?.started({ version: '1.0.0' })
  }
  comeUp(0)
  comeUp(1)
  expect(await aggregate.call('a')).toBe('answer to a')

  for (const its of reports) its.disconnected()
  const waiting = aggregate.call('b')
  expect(await stateOf(waiting)).toBe('pending')
  reports[0]?.exited(new Error('killed'))
  clock.fire(10)
  comeUp(0)
  await microtasks()
  expect(await waiting).toBe('answer to b')
  expect(events).toEqual(['started', 'stopped', 'started'])
  reports[1]?.exited(new Error('killed'))
  expect(await aggregate.call('c')).toBe('answer to c')
  expect(events).toHaveLength(3)
})
