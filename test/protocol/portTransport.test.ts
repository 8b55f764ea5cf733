import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { openPort, type PortTransportOptions, type TransportObserver, UnreadablePayload } from 'cutover/protocol'
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

/** Two ends of a channel, and what the far one has heard; the near one's port may be posted to by hand. */
function connected(options: PortTransportOptions = {}, heard: Partial<TransportObserver> = {}) {
  const { port1, port2 } = new MessageChannel()
  const messages: unknown[] = []
  let end: (error: Error | undefined) => void = () => {}
  const ended = new Promise<Error | undefined>(resolve => {
    end = resolve
  })
  const message: TransportObserver['message'] = (...heard) => messages.push(heard)
  const far = openPort(port2)({ message, drained: () => {}, ended: error => end(error) })
  const near = openPort(port1, options)({ message: () => {}, drained: () => {}, ended: () => {}, ...heard })
  return {
    ...{ near, port1, port2, messages, ended },
    [Symbol.dispose]: () => {
      near.close()
      far.close()
    },
  }
}

/** A view of a buffer that is gone: if `transfer` has the buffer it can be posted, and not be read. */
function viewOfNothing(): Uint8Array<ArrayBuffer> {
  const view = new Uint8Array(8)
  structuredClone(view.buffer, { transfer: [view.buffer] })
  return view
}

const MEGABYTE = 1024 * 1024

describe('A message on a port that cannot be read', () => {
  it('is heard as unreadable, with its id and kind, amid the others', async () => {
    using ends = connected()
    const { near, port1, port2, messages } = ends
    near.send(0, 2, 'Response', 1)
    await new Promise(process.nextTick)
    // As the library posts them, but that it looks at `transfer` before.
    for (const id of [1, 2]) {
      const view = viewOfNothing()
      port1.postMessage([view], [view.buffer])
      port1.postMessage([id, 2 + 4, 'Response', undefined])
    }
    near.send(3, 2, 'Response', 'x'.repeat(10_000))
    near.send(4, 2, 'Response', 2)
    while (messages.length < 5) await Promise.race([once(port2, 'message'), once(port2, 'messageerror')])
    expect(messages).toEqual([
      [0, 2, 'Response', 1],
      [1, 2, 'Response', expect.any(UnreadablePayload)],
      [2, 2, 'Response', expect.any(UnreadablePayload)],
      [3, 2, 'Response', 'x'.repeat(10_000)],
      [4, 2, 'Response', 2],
    ])
  })

  it('costs no message its place in the batch when it cannot be cloned', async () => {
    const unsent: unknown[] = []
    using ends = connected({}, { sendFailed: (id, type, error) => unsent.push([id, type, error.message]) })
    const { near, port2, messages } = ends
    near.send(1, 1, 'Request', 'one')
    near.send(2, 1, 'Request', new Proxy({}, {}))
    near.send(3, 2, 'Response', [new Proxy([], {})])
    near.send(4, 1, 'Request', 'four')
    while (messages.length < 2) await once(port2, 'message')
    expect(messages).toEqual([
      [1, 1, 'Request', 'one'],
      [4, 1, 'Request', 'four'],
    ])
    const why = expect.stringMatching(/could not be cloned/)
    expect(unsent).toEqual([
      [2, 1, why],
      [3, 2, why],
    ])
  })

  it('ends the connection when nobody is there to be told that it cannot be cloned', async () => {
    const ended: (Error | undefined)[] = []
    using ends = connected({}, { ended: error => ended.push(error) })
    ends.near.send(1, 1, 'Request', new Proxy({}, {}))
    await new Promise(setImmediate)
    expect(ended).toEqual([expect.objectContaining({ message: expect.stringMatching(/could not be cloned/) })])
  })
})

describe('Posts that the library has not made', () => {
  const batch = [1, 5, 'Response', undefined]
  it.each([
    ['a text', ['what?']],
    ['an answer to a question that was not asked', ['acknowledged']],
    ['two payloads', [['one'], ['two']]],
    ['two payloads the second of which cannot be read', [['one'], 'unreadable']],
    ['a batch that cannot be read', ['unreadable', [1, 2, 'Response', 'two']]],
    ['a payload that no message follows', [['one'], [1, 2, 'Response', 'two']]],
    ['a message without its payload', [batch]],
    ['a payload for the second message', [['one'], [1, 2, 'Response', 1, ...batch]]],
    ['a payload for two messages', [['one'], [...batch, ...batch]]],
  ])('%s: the connection ends, and no payload goes to another message', async (_, posts) => {
    using ends = connected()
    for (const post of posts) {
      const view = viewOfNothing()
      if (post === 'unreadable') ends.port1.postMessage([1, 2, 'Response', view], [view.buffer])
      else ends.port1.postMessage(post)
    }
    expect(await ends.ended).toBeInstanceOf(Error)
    for (const message of ends.messages) expect((message as unknown[])[3]).toBe('one')
  })
})

describe('What the other side of a port has not read', () => {
  const large = () => new Uint8Array(MEGABYTE)

  it('makes the transport congested above 16 MB, until it is read', async () => {
    let drained: () => void = () => {}
    const hasDrained = new Promise<void>(resolve => {
      drained = resolve
    })
    using ends = connected({}, { drained: () => drained() })
    for (let i = 0; i < 15; i++) ends.near.send(i, 1, 'Request', large())
    expect(ends.near.isCongested).toBe(false)
    for (let i = 15; i < 30; i++) ends.near.send(i, 1, 'Request', large())
    expect(ends.near.isCongested).toBe(true)
    await hasDrained
    expect(ends.near.isCongested).toBe(false)
    expect(ends.messages.length).toBeGreaterThan(0)
  })

  it('is counted anew as it is read: 300 MB one after the other are no congestion', async () => {
    using ends = connected({ maxBufferedBytes: 20 * MEGABYTE })
    for (let i = 0; i < 300; i++) {
      ends.near.send(i, 1, 'Request', large())
      expect(ends.near.isCongested).toBe(false)
      while (ends.messages.length <= i) await once(ends.port2, 'message')
      ends.messages[i] = undefined
      // The answer to the question whether it was read is on its way.
      await new Promise(setImmediate)
    }
  })

  it('is counted for small messages as well', async () => {
    using ends = connected()
    for (let i = 0; i < 100_000 && !ends.near.isCongested; i++) ends.near.send(i, 1, 'Request', 'small'.repeat(100))
    expect(ends.near.isCongested).toBe(true)
  })

  it('ends the connection when it is more than maxBufferedBytes and more is sent; one message may be larger', async () => {
    const ended: (Error | undefined)[] = []
    using ends = connected({ maxBufferedBytes: 10 * MEGABYTE }, { ended: error => ended.push(error) })
    ends.near.send(1, 2, 'Response', new Uint8Array(20 * MEGABYTE))
    await new Promise(process.nextTick)
    expect(ended).toEqual([])
    ends.near.send(2, 2, 'Response', 'more')
    ends.near.send(3, 2, 'Response', 'and more')
    expect(ended).toEqual([])
    await new Promise(process.nextTick)
    expect(ended).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/more than 10485760 bytes \(maxBufferedBytes\)/) }),
    ])
  })
})
