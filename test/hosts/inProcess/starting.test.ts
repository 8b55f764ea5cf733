import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it, vi } from 'vitest'
import { microtasks, rejectionOf } from '../../fixtures/hosting.js'

import { deferred, echo, Host, type Module } from '../../fixtures/inProcessHost.js'

describe('the in-process host: starting', () => {
  it('Calls made before and while the module starts wait, and are sent in order', async () => {
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

  it('A start that rejects gives failedToStart and is retried, 0.5 s later, then half as much again, up to 60 s', async () => {
    let starts = 0
    const module = {
      ...echo,
      start: () => {
        starts++
        throw new Error(`no ${starts}`)
      },
    }
    const host = await new Host(module, { jitter: 0 }).start()
    const delays = Array.from({ length: 14 }, (_, i) => Math.min(60_000, Math.round(500 * 1.5 ** i)))
    expect([delays[0], delays[1], delays.at(-1)]).toEqual([500, 750, 60_000])
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

  it('Jitter shortens each backoff at random, by at most its share, so that many runtimes do not retry together', async () => {
    const clock = new SimulatedClock()
    const set = vi.spyOn(clock, 'setTimeout')
    for (let i = 0; i < 50; i++) {
      await new Host({ ...echo, start: () => Promise.reject(new Error('no')) }, { clock, minBackoff: 1_000 }).start()
    }
    const waits = set.mock.calls.map(([, timeout]) => timeout).filter(timeout => timeout <= 1_000)
    expect(waits).toHaveLength(50)
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(700)
    expect(new Set(waits).size).toBeGreaterThan(10)
  })

  it('Failed starts are forgotten after 15 minutes up, not before', async () => {
    let fails = true
    const module = {
      ...echo,
      start: () => {
        if (fails) throw new Error('no')
      },
    }
    const host = new Host(module, { jitter: 0 })
    const restart = async (up: number) => {
      fails = false
      host.clock.increment(10_000)
      await microtasks()
      host.clock.increment(up)
      fails = true
      expect(await rejectionOf(host.runtime.abort({ force: true }))).toMatchObject({ code: 'CUTOVER_START_FAILED' })
    }
    const startsAfter = async (delay: number) => {
      const before = host.events.length
      host.clock.increment(delay)
      await microtasks()
      return host.events.length > before
    }
    await host.start()
    await restart(899_999)
    expect(await startsAfter(749)).toBe(false)
    expect(await startsAfter(1)).toBe(true)
    await restart(900_000)
    expect(await startsAfter(499)).toBe(false)
    expect(await startsAfter(1)).toBe(true)
  })

  it('A module that has been up for giveUpAfter is not given up for what was before, however long stableAfter is', async () => {
    let fails = true
    const module = {
      ...echo,
      start: () => {
        if (fails) throw new Error('no')
      },
    }
    const host = await new Host(module, { jitter: 0, giveUpAfter: 2_000 }).start()
    fails = false
    host.clock.increment(500)
    await microtasks()
    host.clock.increment(2_000)
    fails = true
    await rejectionOf(host.runtime.abort({ force: true }))
    fails = false
    host.clock.increment(500)
    await microtasks()
    const failed = 'failedToStart: Version 1.0.0 failed to start: no'
    expect(host.events).toEqual([failed, 'started', expect.stringMatching(/^stopped/), failed, 'started'])
  })

  it('After failing for 24 hours it gives up, emits a final failure, and refuses calls until a forced restart', async () => {
    let fails = true
    const module = {
      ...echo,
      start: () => {
        if (fails) throw new Error('no')
      },
    }
    const host = await new Host(module, { waitTimeout: Number.POSITIVE_INFINITY, maxBackoff: 3_600_000 }).start()
    const waiting = host.runtime.call('a')
    for (let hour = 0; hour < 24; hour++) {
      host.clock.increment(3_600_000)
      await microtasks()
    }
    expect(host.events.at(-1)).toMatch(/^failedToStart: Version 1.0.0 has failed for 86400000 ms .* is given up/)
    for (const call of [waiting, host.runtime.call('b')]) {
      expect(await rejectionOf(call)).toMatchObject({
        code: 'CUTOVER_START_FAILED',
        message: expect.stringMatching(/is given up/),
      })
    }
    const before = host.events.length
    host.clock.increment(86_400_000)
    await microtasks()
    expect(host.events).toHaveLength(before)
    fails = false
    await host.runtime.abort({ force: true })
    expect(await host.runtime.call('c')).toBe('c')
  })

  it('A start that hangs is abandoned after startTimeout and retried', async () => {
    const signals: AbortSignal[] = []
    const module = (): Module => ({
      ...echo,
      start: ({ signal }) => {
        signals.push(signal)
        return signals.length === 1 ? new Promise(() => {}) : undefined
      },
    })
    const host = await new Host(module, { jitter: 0 }).start()
    host.clock.increment(120_000)
    expect(host.events).toEqual([
      'failedToStart: Version 1.0.0 did not start within 120000 ms (startTimeout). See its output, or raise startTimeout.',
    ])
    expect(signals[0]?.aborted).toBe(true)
    host.clock.increment(1_000)
    host.clock.increment(500)
    await microtasks()
    expect(host.events.at(-1)).toBe('started')
    expect(await host.runtime.call('a')).toBe('a')
  })

  it('A call waits for waitTimeout at most, and its error says why the module is not up', async () => {
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
