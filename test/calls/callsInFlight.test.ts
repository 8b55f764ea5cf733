import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { CallsInFlight } from '../../src/calls/callsInFlight.js'
import { rejectionOf, stateOf } from '../fixtures/hosting.js'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** A callee whose answers the test gives, by request. */
function callee() {
  const answers = new Map<number, { resolve: (value: number) => void; reject: (error: Error) => void }>()
  const call = (request: number) =>
    new Promise<number>((resolve, reject) => {
      answers.set(request, { resolve, reject })
    })
  return { call, answers }
}

describe('calls in flight', () => {
  it('Calls settle in any order, each with its own answer, and slots are used again', async () => {
    const inFlight = new CallsInFlight<number>()
    const { call, answers } = callee()
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 10 }, (_, i) => inFlight.track({ call }, i, undefined))
      expect(inFlight.count).toBe(10)
      for (const i of [3, 9, 0, 5, 1, 8, 2, 7, 6, 4]) answers.get(i)?.resolve(i * 10)
      expect(await Promise.all(calls)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
      expect(inFlight.count).toBe(0)
    }
  })

  it('rejectAll ends every call once; what is answered later is dropped, and touches no later call', async () => {
    const inFlight = new CallsInFlight<number>()
    const { call, answers } = callee()
    const doomed = [1, 2, 3].map(i => inFlight.track({ call }, i, undefined))
    const late = [...answers.values()]
    const settled = inFlight.track({ call: async (i: number) => i }, 4, undefined)
    expect(await settled).toBe(4)
    const error = new Error('gone')
    inFlight.rejectAll(error)
    for (const promise of doomed) expect(await rejectionOf(promise)).toBe(error)
    const next = [5, 6, 7].map(i => inFlight.track({ call }, i, undefined))
    late[0]?.resolve(0)
    late[1]?.reject(new Error('late'))
    late[2]?.reject(new Error('late'))
    expect(await stateOf(Promise.race(next))).toBe('pending')
    for (const i of [7, 5, 6]) answers.get(i)?.resolve(i)
    expect(await Promise.all(next)).toEqual([5, 6, 7])
    expect(inFlight.count).toBe(0)
    const again = [8, 9].map(i => inFlight.track({ call }, i, undefined))
    answers.get(8)?.resolve(8)
    answers.get(9)?.resolve(9)
    expect(await Promise.all(again)).toEqual([8, 9])
    expect([inFlight.count, inFlight.spare]).toEqual([0, 3])
  })

  it('whenEmpty calls back once: at once when nothing is in flight, else when the last call settles', async () => {
    const inFlight = new CallsInFlight<number>()
    const { call, answers } = callee()
    let empty = 0
    const count = () => empty++
    inFlight.whenEmpty(count)
    expect(empty).toBe(1)
    const calls = [1, 2].map(i => inFlight.track({ call }, i, undefined))
    inFlight.whenEmpty(count)
    answers.get(2)?.resolve(2)
    await calls[1]
    expect(empty).toBe(1)
    answers.get(1)?.reject(new Error('no'))
    await rejectionOf(calls[0] as Promise<number>)
    await inFlight.track({ call: async (i: number) => i }, 3, undefined)
    expect(empty).toBe(2)
  })

  it('whenEmpty calls back after rejectAll, once, when the calls are rejected already', async () => {
    const inFlight = new CallsInFlight<number>()
    const call = inFlight.track(callee(), 1, undefined)
    const seen: number[] = []
    inFlight.whenEmpty(() => seen.push(inFlight.count))
    inFlight.rejectAll(new Error('gone'))
    expect(seen).toEqual([0])
    await rejectionOf(call)
    await inFlight.track({ call: async (i: number) => i }, 2, undefined)
    expect(seen).toEqual([0])
  })

  it('A callee that throws rejects its call, which counts until then', async () => {
    const inFlight = new CallsInFlight<number>()
    const error = new Error('at once')
    const call = inFlight.track(
      {
        call: () => {
          throw error
        },
      },
      1,
      undefined,
    )
    expect(inFlight.count).toBe(1)
    expect(await rejectionOf(call)).toBe(error)
    expect(inFlight.count).toBe(0)
  })

  it('An answer is not kept alive once its call has settled', async () => {
    const inFlight = new CallsInFlight<object>()
    const answered = async () => new WeakRef(await inFlight.track({ call: async () => ({}) }, undefined, undefined))
    const answers = await Promise.all(Array.from({ length: 100 }, answered))
    await new Promise(resolve => setImmediate(resolve))
    collectGarbage()
    expect(answers.filter(answer => answer.deref() !== undefined)).toEqual([])
    expect(inFlight.count).toBe(0)
  })

  it('A burst leaves at most 256 slots behind', async () => {
    const inFlight = new CallsInFlight<number>()
    const { call, answers } = callee()
    const calls = Array.from({ length: 10_000 }, (_, i) => inFlight.track({ call }, i, undefined))
    for (const { resolve } of answers.values()) resolve(1)
    await Promise.all(calls)
    expect(inFlight.spare).toBeLessThanOrEqual(256)
    expect(await inFlight.track({ call: async (i: number) => i }, 7, undefined)).toBe(7)
  })
})

it('A promise of a class of its own that settles twice ends its call once', async () => {
  class Twice<T> extends Promise<T> {
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library
    override then<A = T, B = never>(
      onValue?: ((value: T) => A | PromiseLike<A>) | null,
      onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> {
      void super.then(value => setImmediate(() => onValue?.(value)))
      return super.then(onValue, onError)
    }
  }
  const calls = new CallsInFlight<string>()
  const hanging = { call: () => new Promise<string>(() => {}) }
  const twice = new Twice<string>(resolve => resolve('yes'))
  expect(await calls.track({ call: () => twice }, 'b', undefined)).toBe('yes')
  // It takes the place of the one before.
  const next = calls.track(hanging, 'a', undefined)
  await new Promise(setImmediate)
  expect([calls.count, calls.counts.answered, await stateOf(next)]).toEqual([1, 1, 'pending'])
})
