import { describe, expect, it } from 'vitest'
import { microtasks, rejectionOf } from '../../fixtures/hosting.js'

import { deferred, echo, Host } from '../../fixtures/inProcessHost.js'

describe('the in-process host: starting', () => {
  it('Calls made before and while the module starts wait, and go out in their order', async () => {
    const gate = deferred()
    const order: string[] = []
    const host = new Host({
      start: () => gate.promise,
      call: (request: string) => {
        order.push(request)
        return request
      },
    })
    const calls = [host.runtime.call('a')]
    await host.start()
    calls.push(host.runtime.call('b'))
    expect(order).toEqual([])
    gate.resolve()
    expect(await Promise.all(calls)).toEqual(['a', 'b'])
    expect(order).toEqual(['a', 'b'])
    expect(host.events).toEqual(['started'])
  })

  it('A start that rejects gives failedToStart and is retried, 0.1 s later, then doubling up to 30 s', async () => {
    let starts = 0
    const host = new Host({
      ...echo,
      start: () => {
        starts++
        throw new Error(`no ${starts}`)
      },
    })
    await host.start()
    const delays = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]
    for (const [i, delay] of delays.entries()) {
      host.clock.increment(delay - 1)
      await microtasks()
      expect(starts).toBe(i + 1)
      host.clock.increment(1)
      await microtasks()
      expect(starts).toBe(i + 2)
    }
    expect(host.events.slice(0, 2)).toEqual([
      'failedToStart: Version 1.0.0 failed to start: no 1',
      'failedToStart: Version 1.0.0 failed to start: no 2',
    ])
  })

  it('Failed starts are forgotten after 60 s up, not before', async () => {
    let fails = true
    const host = new Host({
      ...echo,
      start: () => {
        if (fails) throw new Error('no')
      },
    })
    const restart = async (up: number) => {
      fails = false
      host.clock.increment(1_000)
      await microtasks()
      host.clock.increment(up)
      fails = true
      await host.runtime.abort({ force: true })
    }
    const startsAfter = async (delay: number) => {
      const before = host.events.length
      host.clock.increment(delay)
      await microtasks()
      return host.events.length > before
    }
    await host.start()
    await restart(59_999)
    expect(await startsAfter(199)).toBe(false)
    expect(await startsAfter(1)).toBe(true)
    await restart(60_000)
    expect(await startsAfter(99)).toBe(false)
    expect(await startsAfter(1)).toBe(true)
  })

  it('A call waits for waitTimeout at most, and its error tells why the module is not up', async () => {
    const cause = new Error('no database')
    const host = new Host({ ...echo, start: () => Promise.reject(cause) }, { waitTimeout: 5_000 })
    await host.start()
    const call = host.runtime.call('a')
    host.clock.increment(5_000)
    const error = await rejectionOf(call)
    expect(error).toMatchObject({ code: 'CUTOVER_START_FAILED', cause: { code: 'CUTOVER_START_FAILED', cause } })
  })

  it('More than maxWaitingCalls are refused at once', async () => {
    const host = new Host(echo, { maxWaitingCalls: 1 })
    const first = host.runtime.call('a')
    expect(await rejectionOf(host.runtime.call('b'))).toMatchObject({ code: 'CUTOVER_TOO_MANY_WAITING_CALLS' })
    await host.start()
    expect(await first).toBe('a')
  })

  it('The second start does nothing', async () => {
    const host = await new Host(echo).start()
    await host.start()
    expect(host.events).toEqual(['started'])
  })
})
