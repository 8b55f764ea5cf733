import { streamed } from 'cutover'
import type { CallContext } from 'cutover/hosts'
import { SimulatedClock } from 'cutover/testing'
import { expect, it } from 'vitest'
import { timedModule } from '../../../src/fleet/remote/timedModule.js'

function context(signal = new AbortController().signal): CallContext {
  return { signal, transfer: () => {}, stream: streamed, traceparent: 'trace' }
}

const waits = (_: unknown, { signal }: CallContext) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

it('A server fires the signal of a call after the callTimeout of its host, though nobody cancels it', async () => {
  const clock = new SimulatedClock()
  const module = timedModule({ call: waits }, 500, '1.0.0', clock)
  const answer = Promise.resolve(module.call('a', context()))
  const expected = expect(answer).rejects.toMatchObject({ code: 'CUTOVER_CALL_TIMEOUT', version: '1.0.0' })
  clock.increment(499)
  await Promise.resolve()
  clock.increment(1)
  await expected
})

it('A call that its caller gives up keeps the reason', async () => {
  const controller = new AbortController()
  const module = timedModule({ call: waits }, 500, '1.0.0', new SimulatedClock())
  const answer = Promise.resolve(module.call('a', context(controller.signal)))
  controller.abort('enough')
  await expect(answer).rejects.toBe('enough')
})

it('An answer in time keeps no timer, and the module keeps its context', async () => {
  const clock = new SimulatedClock()
  const seen: unknown[] = []
  const call = (request: unknown, { traceparent, signal }: CallContext) =>
    seen.push(request, traceparent, signal) && 'b'
  expect(await timedModule({ call }, 500, '1.0.0', clock).call('a', context())).toBe('b')
  expect(seen).toEqual(['a', 'trace', expect.objectContaining({ aborted: false })])
  clock.increment(1_000)
  expect((seen[2] as AbortSignal).aborted).toBe(false)
})

it('What a module yields is a stream, and its other functions stay', async () => {
  async function* call() {
    yield 1
    yield 2
  }
  const heard: string[] = []
  const module = timedModule({ call, stop: () => void heard.push('stop') }, 500, '1.0.0', new SimulatedClock())
  const answer = (await module.call('a', context())) as ReadableStream
  const chunks: unknown[] = []
  for await (const chunk of answer) chunks.push(chunk)
  expect(chunks).toEqual([1, 2])
  await module.stop?.()
  expect(heard).toEqual(['stop'])
  expect([module.start, module.abort, module.role]).toEqual([undefined, undefined, undefined])
})
