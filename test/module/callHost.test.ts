import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createCallHost } from '../../src/module/callHost.js'

const listenersOf = (...signals: readonly AbortSignal[]) =>
  signals.map(signal => getEventListeners(signal, 'abort').length)

describe("A module's callHost", () => {
  it.each([
    ['resolves', async () => 'yes'],
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
  ])('leaves no listener on either signal when the host %s', async (_, answer) => {
    const stop = new AbortController()
    const caller = new AbortController()
    let during: number[] = []
    const callHost = createCallHost(() => {
      during = listenersOf(stop.signal, caller.signal)
      return answer()
    }, stop.signal)
    await callHost('ask', { signal: caller.signal }).catch(() => {})
    expect(during).toEqual([1, 1])
    expect(listenersOf(stop.signal, caller.signal)).toEqual([0, 0])
  })

  it('does not reach the host if its signal has fired already', async () => {
    let asked = 0
    const callHost = createCallHost(async () => asked++, new AbortController().signal)
    const reason = new Error('too late')
    await expect(callHost('ask', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(asked).toBe(0)
  })

  it.each(['stop', 'caller'])('passes on the reason of the %s signal', async which => {
    const stop = new AbortController()
    const caller = new AbortController()
    const callHost = createCallHost(
      (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      stop.signal,
    )
    const answer = callHost('ask', { signal: caller.signal })
    const reason = new Error('enough')
    const controller = which === 'stop' ? stop : caller
    controller.abort(reason)
    await expect(answer).rejects.toBe(reason)
  })

  it('still reaches the host after the module was told to stop', async () => {
    const callHost = createCallHost(async (_, signal) => signal.aborted, AbortSignal.abort())
    expect(await callHost('ask')).toBe(false)
  })
})
