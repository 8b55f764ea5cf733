import { getEventListeners } from 'node:events'
import type { CallContext } from 'cutover/hosts'
import { expect, it } from 'vitest'
import { ModuleCalls } from '../../src/module/moduleCalls.js'

function callsOf(call: (request: string, context: CallContext) => unknown): ModuleCalls<string, unknown> {
  const calls = new ModuleCalls<string, unknown>('1.0.0')
  calls.open({ call })
  return calls
}

it.each(['answers', 'rejects', 'throws'])(
  'A call that %s leaves no listener on the signal of its caller',
  async how => {
    const { signal } = new AbortController()
    const calls = callsOf(() => {
      if (how === 'throws') throw new Error('no')
      return how === 'rejects' ? Promise.reject(new Error('no')) : 'yes'
    })
    await Promise.allSettled([calls.call('a', { signal })])
    expect(getEventListeners(signal, 'abort')).toEqual([])
  },
)

it('The signal of a settled call does not fire when later calls are interrupted', async () => {
  const signals: AbortSignal[] = []
  const calls = callsOf((request, { signal }) => {
    signals.push(signal)
    return request === 'hang' ? new Promise(() => {}) : 'yes'
  })
  calls.call('a', undefined)
  await calls.call('b', { signal: new AbortController().signal })
  calls.call('hang', undefined)
  await calls.abort()
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, true])
})

it('A call that first reads its signal when it is under way is interrupted like the others, and ends with its answer', async () => {
  const contexts: CallContext[] = []
  const answers: ((answer: string) => void)[] = []
  const calls = callsOf((_, context) => {
    contexts.push(context)
    return new Promise(resolve => answers.push(resolve))
  })
  const [early, late] = [calls.call('a', undefined), calls.call('b', undefined)]
  const signal = contexts[0]?.signal
  answers[0]?.('done')
  await early
  await calls.abort()
  expect([signal?.aborted, contexts[1]?.signal.aborted]).toEqual([false, true])
  answers[1]?.('done')
  expect(await late).toBe('done')
  await calls.abort()
  // Over, and never interrupted while it was read.
  expect(contexts[0]?.signal).toBe(signal)
})

it('A call before the module is up names the version and what to wait for', () => {
  const calls = new ModuleCalls('1.0.0')
  expect(() => calls.call('a', undefined)).toThrow(
    /^Version 1\.0\.0 got a call before its start had finished\. Wait for/,
  )
})

it('An interrupted call gets an error that names the version, and the module hears of it', async () => {
  let signal: AbortSignal | undefined
  let aborts = 0
  const calls = new ModuleCalls<string, unknown>('1.0.0')
  await calls.abort()
  calls.open({
    call: (_, context) => {
      signal = context.signal
      return new Promise(() => {})
    },
    abort: () => void aborts++,
  })
  calls.call('a', undefined)
  await calls.abort()
  expect(signal?.reason).toMatchObject({
    code: 'CUTOVER_ABORTED',
    version: '1.0.0',
    message: 'Version 1.0.0 was asked to interrupt its work. Call again.',
  })
  expect(aborts).toBe(1)
})

it('A thenable of another library is asked once, and its call ends with its answer', async () => {
  let asked = 0
  const signals: AbortSignal[] = []
  const thenable = {
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library
    then: (resolve: (value: string) => void) => {
      asked++
      resolve('yes')
    },
  }
  const calls = callsOf((_, { signal }) => {
    signals.push(signal)
    return thenable
  })
  expect(await calls.call('a', undefined)).toBe('yes')
  await calls.abort()
  expect([asked, signals[0]?.aborted]).toEqual([1, false])
})
