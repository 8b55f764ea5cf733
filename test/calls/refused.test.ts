import { Aggregate, type RuntimeEvent } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import type { GuestReports } from '../../src/hosts/supervised/guest.js'
import { compileSupervised } from '../../src/hosts/supervised/supervisedOptions.js'
import { SupervisedRuntime } from '../../src/hosts/supervised/supervisedRuntime.js'
import { FakeGuest } from '../fixtures/fakeGuest.js'
import { microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'
import { SteppedClock } from '../fixtures/steppedClock.js'

const TIMES = {
  watchdogInterval: Number.POSITIVE_INFINITY,
  watchdogTimeout: 1,
  cancelTimeout: 2,
  discardTimeout: 3,
  shutdownTimeout: 4,
  killTimeout: 5,
}

/** An aggregate whose active version is a host with a guest that the test speaks for. It is up. */
async function serving() {
  const clock = new SteppedClock()
  const options = compileSupervised({ clock, minBackoff: 10, jitter: 0, maxWaitingCalls: 0, waitTimeout: 0 }, TIMES)
  const guests: { readonly reports: GuestReports; readonly calls: string[] }[] = []
  const host = new SupervisedRuntime<string, string>({ id: 'x', version: '1.0.0' }, options, reports => {
    const calls: string[] = []
    guests.push({ reports, calls })
    const guest = new FakeGuest(reports, [])
    const answer = guest.call.bind(guest)
    const call = (request: string) => {
      calls.push(request)
      return answer(request)
    }
    return Object.assign(guest, { call })
  })
  const aggregate = new Aggregate<string, string>({ id: 'x' })
  const events: RuntimeEvent[] = []
  aggregate.watchEvents().subscribe(event => events.push(event))
  aggregate.addVersion('1.0.0', host)
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  const comeUp = () => {
    guests.at(-1)?.reports.connected()
    guests.at(-1)?.reports.started({ version: '1.0.0' })
  }
  const reports = () => guests.at(-1)?.reports as GuestReports
  comeUp()
  return { aggregate, guests, clock, events, comeUp, reports }
}

const DIED = new Error('It broke.')

describe('calls between the loss of a guest and the moment when its host says stopped', () => {
  it.each(['fails', 'closes its connection'])('wait for the next launch, in their order, when it %s', async how => {
    const { aggregate, guests, clock, events, comeUp, reports } = await serving()
    const lost = aggregate.call('hang')
    if (how === 'fails') reports().failed(DIED)
    else reports().disconnected()
    const calls = ['a', 'b', 'c'].map(request => aggregate.call(request))
    expect(events.map(({ type }) => type)).toEqual(['started'])
    expect(aggregate.status()).toMatchObject({ waiting: 3, versions: [{ state: 'starting' }] })
    reports().exited(DIED)
    const error = await rejectionOf(lost)
    expect(error).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST', version: '1.0.0', cause: DIED })
    expect(events.at(-1)).toEqual({ type: 'stopped', version: '1.0.0', reason: error })
    clock.fire(10)
    expect(await stateOf(Promise.race(calls))).toBe('pending')
    comeUp()
    expect(guests.map(guest => guest.calls)).toEqual([['hang'], ['a', 'b', 'c']])
    expect(await Promise.all(calls)).toEqual(['answer to a', 'answer to b', 'answer to c'])
  })

  it('go to the fix, when one is named meanwhile', async () => {
    const { aggregate, guests, reports } = await serving()
    reports().failed(DIED)
    const call = aggregate.call('a')
    const fix = new ControllableRuntime<string, string>({ id: 'x', version: '1.0.1', autoStart: true })
    fix.call = async request => `fixed: ${request}`
    aggregate.addVersion('1.0.1', fix)
    const switched = aggregate.setVersion('1.0.1')
    reports().exited(DIED)
    await switched
    expect(await call).toBe('fixed: a')
    expect(guests.flatMap(guest => guest.calls)).toEqual([])
  })

  it('whose guest is restarted because it was asked to, wait as well, and stopped has no reason', async () => {
    const { aggregate, guests, events, comeUp, reports } = await serving()
    const inFlight = rejectionOf(aggregate.call('hang'))
    const restarted = aggregate.abort({ force: true })
    const calls = ['a', 'b'].map(request => aggregate.call(request))
    expect(await inFlight).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    expect(events.map(({ type }) => type)).toEqual(['started'])
    reports().exited(DIED)
    expect(events.at(-1)).toEqual({ type: 'stopped', version: '1.0.0' })
    comeUp()
    await restarted
    expect(await Promise.all(calls)).toEqual(['answer to a', 'answer to b'])
    expect(guests.map(guest => guest.calls)).toEqual([['hang'], ['a', 'b']])
  })

  it('are not sent by a subscriber that calls within stopped, but within started', async () => {
    const { aggregate, guests, clock, comeUp, reports } = await serving()
    const calls: Promise<string>[] = []
    aggregate.watchEvents().subscribe(({ type }) => {
      calls.push(aggregate.call(`within ${type}`))
    })
    reports().exited(DIED)
    clock.fire(10)
    comeUp()
    await microtasks()
    expect(guests.map(guest => guest.calls)).toEqual([[], ['within stopped', 'within started']])
    expect(await Promise.all(calls)).toHaveLength(2)
  })
})
