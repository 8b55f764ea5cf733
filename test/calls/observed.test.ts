import type { CallOptions, Outcome } from 'cutover'
import { describe, expect, it } from 'vitest'
import { OBSERVE, type Observation } from '../../src/aggregate/index.js'
import type { CallObserver } from '../../src/calls/index.js'
import { Hosting, microtasks } from '../fixtures/hosting.js'

/** 1.0.0 is active, 2.0.0 next, and all calls are observed. */
async function observed(options?: ConstructorParameters<typeof Hosting>[0], eachCall = true) {
  const hosting = new Hosting(options)
  const one = await hosting.serve('1.0.0', { autoStop: true })
  const two = hosting.addWilling('2.0.0')
  await hosting.aggregate.setVersion('1.0.0', '2.0.0')
  const seen: string[] = []
  const chances: number[] = []
  const observer: CallObserver = {
    routed(version, chance) {
      const settled = (failed: boolean) => void seen.push(`${failed ? 'failed' : 'answered'} ${version}`)
      const sent = (options: CallOptions | undefined) => {
        seen.push(`sent ${version} ${options?.key ?? '-'}`)
        chances.push(chance)
        return { settled }
      }
      return { settled, sent: eachCall ? sent : undefined }
    },
  }
  let changes = 0
  const observation = hosting.aggregate[OBSERVE]({ changed: () => void changes++ }) as Observation
  observation.observeCalls(observer)
  const call = (...[request, given]: Parameters<typeof hosting.aggregate.call>) =>
    hosting.aggregate.call(request, given).catch(() => 'failed')
  return { hosting, aggregate: hosting.aggregate, one, two, seen, chances, observation, call, changes: () => changes }
}

describe('An observer of calls', () => {
  it('is told of each call when it is sent and when it ends, once', async () => {
    const { one, seen, chances, call } = await observed()
    const calls = [call('a'), call('b', { key: 'ada' })]
    one.calls[1]?.fail(new Error('broken'))
    one.calls[0]?.answer('a')
    await Promise.all(calls)
    expect(seen).toEqual(['sent 1.0.0 -', 'sent 1.0.0 ada', 'failed 1.0.0', 'answered 1.0.0'])
    expect(chances).toEqual([1, 1])
  })

  it('of routes hears how each of their calls ends, also of those with a signal or an isFailure', async () => {
    for (const options of [{}, { isFailure: (outcome: Outcome) => outcome.status === 'rejected' }]) {
      const { one, two, aggregate, seen, call } = await observed(options, false)
      const { signal } = new AbortController()
      const calls = [call('a'), call('b', { signal }), call('c', { key: 'ada' }), call('d', { version: '1.0.0' })]
      one.calls[0]?.answer('a')
      one.calls[1]?.fail(new Error('broken'))
      one.calls[2]?.answer('c')
      one.calls[3]?.answer('d')
      await Promise.all(calls)
      expect(seen).toEqual(['answered 1.0.0', 'failed 1.0.0', 'answered 1.0.0'])
      aggregate.setShare(100)
      const shared = call('e')
      two.answerAll()
      await shared
      expect(seen.slice(3)).toEqual(['answered 2.0.0'])
    }
  })

  it('hears of failures as isFailure has them, also of answers', async () => {
    const isFailure = (outcome: Outcome) => outcome.status === 'fulfilled' && outcome.value === 'bad'
    const { one, seen, call } = await observed({ isFailure })
    const calls = [call('a'), call('b'), call('c')]
    one.calls[0]?.answer('bad')
    one.calls[1]?.answer('good')
    one.calls[2]?.fail(new Error('not found'))
    await Promise.all(calls)
    expect(seen.slice(3)).toEqual(['failed 1.0.0', 'answered 1.0.0', 'answered 1.0.0'])
  })

  it('hears how likely it was that the call goes where it went', async () => {
    const { aggregate, one, two, seen, chances, call } = await observed()
    aggregate.setShare(25)
    for (let n = 0; n < 200; n++) void call('a')
    const expected = seen.map(line => (line.includes('2.0.0') ? 0.25 : 0.75))
    expect(new Set(chances)).toEqual(new Set([0.25, 0.75]))
    expect(chances).toEqual(expected)
    one.answerAll()
    two.answerAll()
    await microtasks()
    expect(seen).toHaveLength(400)
  })

  it('is not told of calls that name their version, nor of mirrored ones', async () => {
    const { one, two, seen, call } = await observed({ propagate: () => true })
    void call('a', { version: '2.0.0' })
    void call('b')
    expect([one.calls.length, two.calls.length]).toEqual([1, 2])
    one.answerAll()
    two.answerAll()
    await microtasks()
    expect(seen).toEqual(['sent 1.0.0 -', 'answered 1.0.0'])
  })

  it('is not told of calls while the active version is down, and hears of those that were lost', async () => {
    const { aggregate, one, two, seen, call } = await observed()
    aggregate.setShare(50)
    for (let n = 0; n < 50; n++) void call('a')
    const sent = seen.filter(line => line === 'sent 1.0.0 -').length
    one.emitStopped(new Error('segfault'))
    await microtasks()
    expect(seen.filter(line => line === 'failed 1.0.0')).toHaveLength(sent)
    const before = seen.length
    for (let n = 0; n < 50; n++) void call('a')
    expect(seen).toHaveLength(before)
    two.answerAll()
    await microtasks()
    expect(seen.filter(line => line === 'answered 2.0.0')).toHaveLength(50 - sent)
  })

  it('is told of calls that waited, when they are sent', async () => {
    const { aggregate, one, seen, call } = await observed()
    await aggregate.setVersion('1.0.0')
    one.emitStopped()
    void call('waits')
    expect(seen).toEqual([])
    one.emitStarted()
    expect(seen).toEqual(['sent 1.0.0 -'])
  })

  it('that ends hears nothing of later calls; another one may come', async () => {
    const { aggregate, one, seen, observation, call } = await observed()
    expect(aggregate[OBSERVE]({ changed() {} })).toBeUndefined()
    void call('before')
    observation.end()
    void call('after')
    one.answerAll()
    await microtasks()
    expect(seen).toEqual(['sent 1.0.0 -', 'answered 1.0.0'])
    expect(aggregate[OBSERVE]({ changed() {} })).toBeDefined()
  })

  it('hears of every change, also that a host has given up', async () => {
    const { aggregate, two, changes } = await observed()
    const before = changes()
    two.emitStopped(new Error('broken'))
    expect(changes()).toBe(before + 1)
    two.emitGaveUp()
    expect(changes()).toBe(before + 2)
    aggregate.setShare(10)
    expect(changes()).toBe(before + 3)
  })
})
