import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { STREAMS_FEATURE } from '../../src/protocol/messages.js'
import { deferred } from '../fixtures/inProcessHost.js'
import { type Changes, connectedPair } from './pair.js'

/** The next turn, in the same round of the event loop. */
function turn(): Promise<void> {
  return new Promise(resolve => process.nextTick(resolve))
}

/** A ready host and guest, and how often each has written to its socket. */
async function countedPair(guest: Changes = {}) {
  const pair = await connectedPair({}, guest)
  const writes = { near: 0, far: 0 }
  for (const side of ['near', 'far'] as const) {
    const write = pair[side].write.bind(pair[side]) as (data: Uint8Array) => boolean
    pair[side].write = (data: Uint8Array) => {
      writes[side]++
      return write(data)
    }
    const connection = side === 'near' ? pair.host : pair.guest
    connection.initialized({ [STREAMS_FEATURE]: true })
  }
  return Object.assign(pair, { writes })
}

describe('A socket is written to', () => {
  it('at once by a request that comes alone', async () => {
    await using pair = await countedPair()
    for (let i = 1; i <= 5; i++) {
      const call = pair.host.call(i)
      expect(pair.writes.near).toBe(i)
      expect(await call).toBe(i)
    }
  })

  it('by every eighth request, or at the end of the round, while the other side has not answered', async () => {
    await using pair = await countedPair()
    const calls: Promise<unknown>[] = []
    const writes: number[] = []
    for (let i = 0; i < 20; i++) {
      calls.push(pair.host.call(i))
      await turn()
      writes.push(pair.writes.near)
    }
    expect(writes).toEqual([...Array(8).fill(1), ...Array(8).fill(2), ...Array(4).fill(3)])
    await setImmediate()
    expect(pair.writes.near).toBe(4)
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })

  it('by a request of many bytes, while the other side has not answered', async () => {
    await using pair = await countedPair()
    const calls = [pair.host.call('small')]
    await turn()
    calls.push(pair.host.call(new Uint8Array(100_000)))
    await turn()
    expect(pair.writes.near).toBe(2)
    await Promise.all(calls)
  })

  it('by each answer of a turn of its own, because the guest may compute next', async () => {
    const pending: ((value: unknown) => void)[] = []
    const arrived = deferred()
    const answerCall = () =>
      new Promise(resolve => {
        if (pending.push(resolve) === 3) arrived.resolve()
      })
    await using pair = await countedPair({ answerCall })
    const calls = [1, 2, 3].map(i => pair.host.call(i))
    await arrived.promise
    await turn()
    for (const [i, resolve] of pending.entries()) {
      resolve(i)
      await turn()
      await turn()
      expect(pair.writes.far).toBe(i + 1)
    }
    expect(await Promise.all(calls)).toEqual([0, 1, 2])
  })

  it('by each call of a guest, for the same reason', async () => {
    await using pair = await countedPair()
    const calls: Promise<unknown>[] = []
    for (let i = 1; i <= 3; i++) {
      calls.push(pair.guest.call(i))
      await turn()
      expect(pair.writes.far).toBe(i)
    }
    expect(await Promise.all(calls)).toEqual([1, 2, 3])
  })

  it('once by an answer with a stream, its first chunk and its end', async () => {
    await using pair = await countedPair({
      answerCall: (_, { stream }) =>
        stream(
          (async function* () {
            yield 'chunk'
          })(),
        ),
    })
    const body = (await pair.host.call('stream')) as ReadableStream<string>
    const chunks: string[] = []
    for await (const chunk of body) chunks.push(chunk)
    expect(chunks).toEqual(['chunk'])
    expect(pair.writes.far).toBe(1)
  })
})
