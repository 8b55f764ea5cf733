import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { openPort } from 'cutover/protocol'
import { describe, expect, it } from 'vitest'

/** What arrives of `payloads` that are sent in one turn, and in how many posts. */
async function carried(payloads: readonly unknown[]): Promise<{ readonly arrived: unknown[]; readonly posts: number }> {
  const { port1, port2 } = new MessageChannel()
  const arrived: unknown[] = []
  const message = (_id: unknown, _type: unknown, _kind: string, payload: unknown) => arrived.push(payload)
  const observer = { message, drained: () => {}, ended: () => {} }
  const [near, far] = [openPort(port1)(observer), openPort(port2)(observer)]
  let posts = 0
  port2.on('message', () => posts++)
  payloads.forEach((payload, id) => {
    near.send(id, 1, 'Request', payload)
  })
  while (arrived.length < payloads.length) await once(port2, 'message')
  near.close()
  far.close()
  return { arrived, posts }
}

describe('Messages of one turn on a port', () => {
  it('travel together while they are small', async () => {
    const payloads = [1, 'two', { three: [3, null] }, [4n, true], undefined]
    expect(await carried(payloads)).toEqual({ arrived: payloads, posts: 1 })
  })

  it('that have an object in common have one each on the other side', async () => {
    const shared = { count: 1 }
    const { arrived } = await carried([shared, shared, { shared }, [[shared]], { a: shared, b: shared }])
    expect(arrived).toEqual([shared, shared, { shared }, [[shared]], { a: shared, b: shared }])
    const [first, second, third, fourth, fifth] = arrived as [object, object, { shared: object }, object[][], object]
    expect(new Set([first, second, third.shared, fourth[0]?.[0], Object.values(fifth)[0]]).size).toBe(5)
  })

  it('that hold an object twice still do', async () => {
    const twice = {}
    const { arrived } = await carried([{ a: twice, b: twice }])
    const [{ a, b }] = arrived as [{ a: object; b: object }]
    expect(a).toBe(b)
  })

  it('keep their order, whether they are small, large or no plain values', async () => {
    const payloads = [1, 'x'.repeat(10_000), 2, new Map([[1, new Uint8Array(3)]]), 3, new Array(1_000).fill(0), 4]
    expect(await carried(payloads)).toEqual({ arrived: payloads, posts: payloads.length })
  })

  it('do not suffer from one whose getter throws: the sender is told', async () => {
    const { port1, port2 } = new MessageChannel()
    const transport = openPort(port1)({ message: () => {}, drained: () => {}, ended: () => {} })
    const thrower = {
      get value(): never {
        throw new Error('not today')
      },
    }
    expect(() => transport.send(1, 1, 'Request', thrower)).toThrow('not today')
    transport.close()
    port2.close()
  })
})
