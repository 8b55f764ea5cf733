import { Aggregate } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'
import { describeCalls, metricsOfVersion } from '../../../src/inspect/page/data/metrics.js'
import { parseMessage } from '../../../src/inspect/page/data/receivedMessage.js'
import { Store } from '../../../src/inspect/page/data/store.js'

function call(n: number): number {
  if (n < 0) throw new Error(`${n} is negative`)
  return n
}

describe('The metrics in the page', () => {
  it('are those of a real aggregate, by version, in words', async () => {
    await using aggregate = new Aggregate<number, number>({ id: 'roots' })
    const host = inProcess({ module: { call } })
    for (const version of ['1.0.0', '2.0.0']) aggregate.addVersion(version, host.provision({ id: 'roots', version }))
    aggregate.start()
    await aggregate.setVersion('1.0.0', '2.0.0')
    await Promise.allSettled([4, 9, -1].map(n => aggregate.call(n)))
    await aggregate.call(1, { version: '1.0.0' })
    const store = new Store()
    const message = { type: '@cutover.metrics', sessionId: 'x:0', createdAt: '1', metrics: aggregate.metrics() }
    const received = parseMessage(JSON.stringify(message))
    if (received !== undefined) store.apply(received)
    const shown = (version: string) => metricsOfVersion(store.metrics.get('x:0'), version)
    expect(shown('1.0.0')).toEqual(aggregate.metrics().versions[0])
    expect(['1.0.0', '2.0.0'].map(version => describeCalls(shown(version) ?? {}))).toEqual([
      '3: 2 answered, 1 failed; 1 pinned',
      '0',
    ])
    expect(shown('3.0.0')).toBeUndefined()
    expect(new Store().recording()).toEqual([])
    expect(store.recording()).toEqual([message])
  })

  it('name every outcome that happened', () => {
    const outcomes = { answered: 1_001, failed: 2, givenUp: 3, cutOff: 4, inFlight: 5 }
    expect(describeCalls({ calls: 1_015, ...outcomes, pinned: { calls: 6 }, mirrored: { calls: 7 } })).toBe(
      '1,015: 1,001 answered, 2 failed, 3 given up, 4 cut off, 5 in flight; 6 pinned; 7 mirrored',
    )
  })

  it('are ignored in a message that has none, and absent without a list of versions', () => {
    for (const metrics of [undefined, null, [], 7, '[not shown: larger than maxMessageBytes]']) {
      expect(parseMessage(JSON.stringify({ type: '@cutover.metrics', metrics }))).toBeUndefined()
    }
    for (const versions of [undefined, {}, [null, 7, []]]) expect(metricsOfVersion({ versions }, '1')).toBeUndefined()
    expect(metricsOfVersion(undefined, '1')).toBeUndefined()
  })
})
