import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { Flights } from '../../src/calls/callsInFlight.js'
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
  it('Calls land in any order, each with its own answer, and slots are used again', async () => {
    const flights = new Flights<number>()
    const { call, answers } = callee()
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 10 }, (_, i) => flights.launch({ call }, i, undefined))
      expect(flights.count).toBe(10)
      for (const i of [3, 9, 0, 5, 1, 8, 2, 7, 6, 4]) answers.get(i)?.resolve(i * 10)
      expect(await Promise.all(calls)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
      expect(flights.count).toBe(0)
    }
  })

  it('rejectAll ends every call once; what is answered later is dropped, and touches no later call', async () => {
    const flights = new Flights<number>()
    const { call, answers } = callee()
    const doomed = [1, 2, 3].map(i => flights.launch({ call }, i, undefined))
    const late = [...answers.values()]
    const landed = flights.launch({ call: async (i: number) => i }, 4, undefined)
    expect(await landed).toBe(4)
    const error = new Error('gone')
    flights.rejectAll(error)
    for (const promise of doomed) expect(await rejectionOf(promise)).toBe(error)
    const next = [5, 6, 7].map(i => flights.launch({ call }, i, undefined))
    late[0]?.resolve(0)
    late[1]?.reject(new Error('late'))
    late[2]?.reject(new Error('late'))
    expect(await stateOf(Promise.race(next))).toBe('pending')
    for (const i of [7, 5, 6]) answers.get(i)?.resolve(i)
    expect(await Promise.all(next)).toEqual([5, 6, 7])
    expect(flights.count).toBe(0)
    const again = [8, 9].map(i => flights.launch({ call }, i, undefined))
    answers.get(8)?.resolve(8)
    answers.get(9)?.resolve(9)
    expect(await Promise.all(again)).toEqual([8, 9])
    expect([flights.count, flights.spare]).toEqual([0, 3])
  })

  it('whenEmpty calls back once: at once when nothing is in flight, else when the last call lands', async () => {
    const flights = new Flights<number>()
    const { call, answers } = callee()
    let empty = 0
    const count = () => empty++
    flights.whenEmpty(count)
    expect(empty).toBe(1)
    const calls = [1, 2].map(i => flights.launch({ call }, i, undefined))
    flights.whenEmpty(count)
    answers.get(2)?.resolve(2)
    await calls[1]
    expect(empty).toBe(1)
    answers.get(1)?.reject(new Error('no'))
    await rejectionOf(calls[0] as Promise<number>)
    await flights.launch({ call: async (i: number) => i }, 3, undefined)
    expect(empty).toBe(2)
  })

  it('After rejectAll nobody is told that it is empty: whoever rejected knows', async () => {
    const flights = new Flights<number>()
    const call = flights.launch(callee(), 1, undefined)
    let empty = 0
    flights.whenEmpty(() => empty++)
    flights.rejectAll(new Error('gone'))
    await rejectionOf(call)
    await flights.launch({ call: async (i: number) => i }, 2, undefined)
    expect([empty, flights.count]).toEqual([0, 0])
  })

  it('An answer is not kept alive once its call has settled', async () => {
    const flights = new Flights<object>()
    const launch = async () => new WeakRef(await flights.launch({ call: async () => ({}) }, undefined, undefined))
    const answers = await Promise.all(Array.from({ length: 100 }, launch))
    await new Promise(resolve => setImmediate(resolve))
    collectGarbage()
    expect(answers.filter(answer => answer.deref() !== undefined)).toEqual([])
    expect(flights.count).toBe(0)
  })

  it('A burst leaves at most 256 slots behind', async () => {
    const flights = new Flights<number>()
    const { call, answers } = callee()
    const calls = Array.from({ length: 10_000 }, (_, i) => flights.launch({ call }, i, undefined))
    for (const { resolve } of answers.values()) resolve(1)
    await Promise.all(calls)
    expect(flights.spare).toBeLessThanOrEqual(256)
    expect(await flights.launch({ call: async (i: number) => i }, 7, undefined)).toBe(7)
  })
})
