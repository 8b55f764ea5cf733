import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { PinnedCalls } from '../../src/calls/pinnedCalls.js'
import { rejectionOf } from '../fixtures/hosting.js'

/** The queues of pinned calls, with the versions that were asked about. */
function pinned(isHopeless = false) {
  const clock = new SimulatedClock()
  const asked: string[] = []
  const limits = { timeout: 100, max: 5, clock, timedOut: () => new Error(), tooMany: () => new Error('too many') }
  const calls = new PinnedCalls<string, string>(limits, {
    gone: version => new Error(`${version} is gone`),
    timedOut: version => new Error(`${version} did not run in time`),
    hopeless: version => {
      asked.push(version)
      return isHopeless ? new Error(`${version} is hopeless`) : undefined
    },
  })
  const add = (version: string) => rejectionOf(calls.of(version).add('a', undefined))
  return { calls, clock, asked, add }
}

describe('Calls that are pinned to a version', () => {
  it('wait in one queue for each version, and time out with its error', async () => {
    const { calls, clock, add } = pinned()
    const errors = [add('1.0.0'), add('1.0.0'), add('2.0.0')]
    expect([calls.size, calls.of('1.0.0').size, calls.of('2.0.0').size]).toEqual([3, 2, 1])
    clock.increment(100)
    expect((await Promise.all(errors)).map(String)).toEqual([
      'Error: 1.0.0 did not run in time',
      'Error: 1.0.0 did not run in time',
      'Error: 2.0.0 did not run in time',
    ])
    expect(calls.size).toBe(0)
  })

  it('are rejected if their version is not among those that stay', async () => {
    const { calls, add } = pinned()
    const [one, two] = [add('1.0.0'), add('2.0.0')]
    calls.keepOnly(['2.0.0'])
    expect(await one).toMatchObject({ message: '1.0.0 is gone' })
    expect([[...calls.queues.keys()], calls.size]).toEqual([['2.0.0'], 1])
    calls.rejectAll(new Error('closed'))
    expect(await two).toMatchObject({ message: 'closed' })
  })

  it('are rejected if waiting makes no sense; nobody asks for a version that none wait for', async () => {
    const { calls, asked, add } = pinned(true)
    const one = add('1.0.0')
    calls.of('2.0.0')
    calls.rejectHopeless()
    expect(await one).toMatchObject({ message: '1.0.0 is hopeless' })
    expect(asked).toEqual(['1.0.0'])
  })

  it('wait on if waiting makes sense', () => {
    const { calls, add } = pinned()
    void add('1.0.0')
    calls.rejectHopeless()
    expect(calls.size).toBe(1)
    calls.rejectAll(new Error('closed'))
  })
})
