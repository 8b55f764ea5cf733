import { AsyncLocalStorage } from 'node:async_hooks'
import type { CallMessage } from 'cutover'
import { Aggregate } from 'cutover'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ChannelRecorder, calls, events, switches, watchCalls } from '../fixtures/channels.js'
import { Hosting, microtasks, rejectionOf } from '../fixtures/hosting.js'

const ANSWERED = ['start', 'end 1.0.0 active', 'asyncStart 1.0.0 active', 'asyncEnd 1.0.0 active']
/** A call begins; what it says before it has a version has nothing behind its name. */
const started = (...after: string[]) => ['start', ...after]

describe('The channel cutover.call', () => {
  it('S33: tells of a call that is answered, with its version and role', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const channels = new ChannelRecorder()
    const answer = hosting.aggregate.call('a')
    expect(channels.take()).toEqual(started(ANSWERED[1] as string))
    runtime.answerAll(() => 'b')
    expect(await answer).toBe('b')
    expect(channels.take()).toEqual(ANSWERED.slice(2))
  })

  it('S33: publishes asyncEnd before the caller goes on', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const channels = new ChannelRecorder()
    const seen = hosting.aggregate.call('a').then(() => channels.take())
    runtime.answerAll(() => 'b')
    expect((await seen).at(-1)).toBe('asyncEnd 1.0.0 active')
  })

  it('S33: tells of a call that waits: it has no version until it is sent', async () => {
    const hosting = new Hosting()
    hosting.aggregate.start()
    const channels = new ChannelRecorder()
    const answer = hosting.aggregate.call('a')
    expect(channels.take()).toEqual(started('end'))
    const runtime = hosting.addWilling('1.0.0')
    await hosting.aggregate.setVersion('1.0.0')
    runtime.answerAll(() => 'b')
    await answer
    expect(channels.take()).toEqual(['event started 1.0.0 active', 'switch to 1.0.0', ...ANSWERED.slice(2)])
  })

  it('S33: tells of a call that is refused, or given up while it waits: an error without a version', async () => {
    const hosting = new Hosting({ maxWaitingCalls: 1 })
    const channels = new ChannelRecorder()
    const controller = new AbortController()
    const waiting = rejectionOf(hosting.aggregate.call('a', controller))
    const refused = await rejectionOf(hosting.aggregate.call('b'))
    expect(channels.take()).toEqual(started('end', ...started('end', 'error', 'asyncStart', 'asyncEnd')))
    controller.abort(new Error('given up'))
    await waiting
    expect(channels.take()).toEqual(['error', 'asyncStart', 'asyncEnd'])
    expect(channels.messages.at(-4)).toMatchObject({ version: null, role: null, error: refused })
    expect(channels.messages.at(-1)).toMatchObject({ version: null, error: controller.signal.reason })
  })

  it('S33: tells of a call that is aborted on its version, and of one that its version cannot finish', async () => {
    const hosting = new Hosting({ drainTimeout: 0 })
    const runtime = await hosting.serve('1.0.0', { autoStop: true })
    const channels = new ChannelRecorder()
    const calling = rejectionOf(hosting.aggregate.call('a'))
    await hosting.aggregate.stop()
    expect(await calling).toMatchObject({ code: 'CUTOVER_VERSION_STOPPED' })
    const failed = ['error 1.0.0 active', 'asyncStart 1.0.0 active', 'asyncEnd 1.0.0 active']
    expect(channels.take().filter(line => !line.startsWith('event'))).toEqual([
      ...started('end 1.0.0 active'),
      ...failed,
    ])
    expect(runtime.stops).toBe(1)
  })

  it('S33: tells which calls went to the next version, by share or by name', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const channels = new ChannelRecorder()
    hosting.aggregate.setShare(100)
    hosting.aggregate.call('a')
    hosting.aggregate.call('b', { version: '2.0.0' })
    hosting.aggregate.call('c', { version: '1.0.0' })
    const ends = channels.take().filter(line => line.startsWith('end'))
    expect(ends).toEqual(['end 2.0.0 next', 'end 2.0.0 pinned', 'end 1.0.0 pinned'])
  })

  it('S33: still tells the caller which version it was', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    new ChannelRecorder()
    const versions: string[] = []
    hosting.aggregate.call('a', { onVersion: version => versions.push(version) })
    expect(versions).toEqual(['1.0.0'])
  })

  it.each([
    [5, /options/],
    [null, /options/],
    [{ onVersion: 5 }, /onVersion/],
    [{ key: 5 }, /key/],
    [{ traceparent: 5 }, /traceparent/],
  ])('S33: does not make the invalid options %j valid', async (options, message) => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    new ChannelRecorder()
    const error = await rejectionOf(hosting.aggregate.call('a', options as never))
    expect(error).toMatchObject({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringMatching(message) })
  })

  it('S33: rejects a call whose options throw, as without a subscriber', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    const channels = new ChannelRecorder()
    const options = {
      get signal(): AbortSignal {
        throw new Error('no signal')
      },
    }
    expect(await rejectionOf(hosting.aggregate.call('a', options))).toMatchObject({ message: 'no signal' })
    expect(channels.take()).toEqual(started('end', 'error', 'asyncStart', 'asyncEnd'))
  })

  it('S33: gives the runtime the traceparent that a subscriber of start sets, and the options that the caller gave', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const { signal } = new AbortController()
    watchCalls({
      start: message => {
        message.traceparent = `${message.traceparent} and mine`
      },
    })
    hosting.aggregate.call('a', { signal, key: 'k', traceparent: 'yours' })
    expect(runtime.calls.map(({ options }) => options)).toEqual([{ signal, key: 'k', traceparent: 'yours and mine' }])
  })

  it('S33: tells of the calls of an aggregate inside another one, once each', async () => {
    const inner = new Hosting()
    const runtime = inner.addWilling('1.0.0')
    await inner.aggregate.setVersion('1.0.0')
    const outer = new Aggregate<string, string>({ id: inner.aggregate.id })
    outer.addVersion('9.0.0', inner.aggregate)
    outer.start()
    await outer.setVersion('9.0.0')
    const messages: CallMessage[] = []
    watchCalls({ start: message => void messages.push(message) })
    outer.call('a')
    expect(messages.map(({ version, role }) => [version, role])).toEqual([
      ['9.0.0', 'active'],
      ['1.0.0', 'active'],
    ])
    expect(runtime.calls).toHaveLength(1)
  })

  it('S33: runs a call with the store that a subscriber binds, also after a wait', async () => {
    const hosting = new Hosting()
    const storage = new AsyncLocalStorage<string>()
    calls.start.bindStore(storage as never, (({ aggregate }: CallMessage) => `call of ${aggregate}`) as never)
    onTestFinished(() => void calls.start.unbindStore(storage as never))
    const stores: unknown[] = []
    hosting.aggregate.call('a')
    hosting.aggregate.start()
    const runtime = hosting.add('1.0.0', { autoStart: true })
    runtime.call = async () => {
      stores.push(storage.getStore())
      return 'b'
    }
    await hosting.aggregate.setVersion('1.0.0')
    await hosting.aggregate.call('b')
    expect(stores).toEqual(Array(2).fill(`call of ${hosting.aggregate.id}`))
  })

  it('S33: a subscriber that throws breaks no call; Node.js reports it as an uncaught exception', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const uncaught: unknown[] = []
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', error => uncaught.push(error))
    onTestFinished(() => {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
    })
    const fail = (name: string) => () => {
      throw new Error(name)
    }
    watchCalls({ start: fail('start'), end: fail('end'), asyncStart: fail('asyncStart'), asyncEnd: fail('asyncEnd') })
    const answer = hosting.aggregate.call('a')
    runtime.answerAll(() => 'b')
    expect(await answer).toBe('b')
    await new Promise(setImmediate)
    expect(uncaught.map(error => (error as Error).message)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
  })

  it('S33: tells of a call on a full stack, which throws', async () => {
    const hosting = new Hosting()
    const runtime = hosting.add('1.0.0', { autoStart: true })
    runtime.call = request => hosting.aggregate.call(request)
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    let starts = 0
    let ends = 0
    watchCalls({ start: () => starts++, asyncEnd: () => ends++ })
    expect(await rejectionOf(hosting.aggregate.call('a'))).toBeInstanceOf(RangeError)
    await microtasks()
    expect(hosting.aggregate.status().inFlight).toBe(0)
    expect(starts).toBeGreaterThan(10)
    expect(ends).toBe(starts)
  })

  it('S33: holds neither the request nor the answer', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const channels = new ChannelRecorder()
    const answer = hosting.aggregate.call('the secret request')
    runtime.answerAll(() => 'the secret answer')
    await answer
    expect(new Set(channels.messages.flatMap(Object.keys))).toEqual(
      new Set(['aggregate', 'version', 'role', 'traceparent']),
    )
    expect(JSON.stringify(channels.messages)).not.toContain('secret')
  })
})

describe('The channels cutover.switch and cutover.event', () => {
  it.each(['sequential', 'overlap'] as const)(
    'tell of a switch, in the order in which it happens (%s)',
    async handover => {
      const hosting = new Hosting({ handover })
      await hosting.serve('1.0.0', { autoStop: true })
      const channels = new ChannelRecorder()
      hosting.addWilling('2.0.0')
      await hosting.aggregate.setVersion('1.0.0', '2.0.0')
      expect(channels.take()).toEqual(['event started 2.0.0 next'])
      await hosting.aggregate.setVersion('2.0.0')
      const [stopped, switched] = ['event stopped 1.0.0 leaving', 'switch 1.0.0 to 2.0.0']
      expect(channels.take()).toEqual(handover === 'overlap' ? [switched, stopped] : [stopped, switched])
      expect(channels.messages.at(-1)).toMatchObject({ aggregate: hosting.aggregate.id })
    },
  )

  it('tell of a swap, and that it made no pause', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const channels = new ChannelRecorder()
    await Promise.all([hosting.aggregate.swap(), hosting.aggregate.swap()])
    expect(channels.take()).toEqual(['switch 1.0.0 to 2.0.0 swapped', 'switch 2.0.0 to 1.0.0 swapped'])
    expect(channels.messages).toEqual([
      { aggregate: hosting.aggregate.id, from: '1.0.0', to: '2.0.0', swapped: true, duration: 0 },
      { aggregate: hosting.aggregate.id, from: '2.0.0', to: '1.0.0', swapped: true, duration: 0 },
    ])
  })

  it('tell of a crash and its reason, and of no switch when the version is back', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const channels = new ChannelRecorder()
    const reason = new Error('out of memory')
    runtime.emitStopped(reason)
    runtime.emitStarted()
    expect(channels.take()).toEqual(['event stopped 1.0.0 active', 'event started 1.0.0 active'])
    expect(channels.messages[0]).toMatchObject({ event: { type: 'stopped', reason } })
  })

  it('tell how long no version served, and do not count a stop that was asked for', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0', { autoStop: true })
    const channels = new ChannelRecorder()
    await hosting.aggregate.stop()
    const second = hosting.add('2.0.0')
    const now = vi.spyOn(performance, 'now').mockReturnValue(1_000)
    hosting.aggregate.start()
    const switched = hosting.aggregate.setVersion('2.0.0')
    now.mockReturnValue(1_250)
    second.emitStarted()
    await switched
    expect(channels.take().at(-1)).toBe('switch 1.0.0 to 2.0.0')
    expect(channels.messages.at(-1)).toMatchObject({ duration: 250 })
  })

  it('tell of a swap by a subscriber in the middle of a switch, in the order in which it happens', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0', { autoStop: true })
    hosting.addWilling('2.0.0')
    hosting.addWilling('3.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const channels = new ChannelRecorder()
    const swap = (message: unknown) => {
      if ((message as { swapped: boolean }).swapped) return
      switches.unsubscribe(swap)
      hosting.aggregate.setVersion('2.0.0', '3.0.0').then(() => hosting.aggregate.swap())
    }
    switches.subscribe(swap)
    await hosting.aggregate.setVersion('2.0.0')
    await hosting.aggregate.whenRunning({ version: '3.0.0' })
    await microtasks()
    expect(channels.take().filter(line => line.startsWith('switch'))).toEqual([
      'switch 1.0.0 to 2.0.0',
      'switch 2.0.0 to 3.0.0 swapped',
    ])
    expect(hosting.errors()).toEqual([])
  })

  it('have no subscriber of this library', () => {
    expect([calls, switches, events].map(({ hasSubscribers }) => hasSubscribers)).toEqual([false, false, false])
  })
})
