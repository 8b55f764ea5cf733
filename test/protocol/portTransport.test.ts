import { once } from 'node:events'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { openPort, type PortTransportOptions, type TransportObserver, UnreadablePayload } from 'cutover/protocol'
import { describe, expect, it } from 'vitest'

/** Sends `payloads` in one turn. Returns what arrives, and the number of posts. */
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

describe('Messages of one turn over a port', () => {
  it('Small messages share a post', async () => {
    const payloads = [1, 'two', { three: [3, null] }, [4n, true], undefined]
    expect(await carried(payloads)).toEqual({ arrived: payloads, posts: 1 })
  })

  it('Messages that share an object have one each on the other side', async () => {
    const shared = { count: 1 }
    const { arrived } = await carried([shared, shared, { shared }, [[shared]], { a: shared, b: shared }])
    expect(arrived).toEqual([shared, shared, { shared }, [[shared]], { a: shared, b: shared }])
    const [first, second, third, fourth, fifth] = arrived as [object, object, { shared: object }, object[][], object]
    expect(new Set([first, second, third.shared, fourth[0]?.[0], Object.values(fifth)[0]]).size).toBe(5)
  })

  it('A message that holds an object twice still does on the other side', async () => {
    const twice = {}
    const { arrived } = await carried([{ a: twice, b: twice }])
    const [{ a, b }] = arrived as [{ a: object; b: object }]
    expect(a).toBe(b)
  })

  it('Messages keep their order, whether their payloads are small, large or not plain', async () => {
    const payloads = [1, 'x'.repeat(10_000), 2, new Map([[1, new Uint8Array(3)]]), 3, new Array(1_000).fill(0), 4]
    expect(await carried(payloads)).toEqual({ arrived: payloads, posts: payloads.length })
  })

  it.each([
    ['text', 'x'.repeat(100_000)],
    ['bytes', { id: 1, bytes: new Uint8Array(100_000) }],
  ])('A large message of few values takes one post: %s', async (_, payload) => {
    expect(await carried([payload])).toEqual({ arrived: [payload], posts: 1 })
  })

  it('Answers arrive as they were when they were sent, whatever becomes of them in the same turn', async () => {
    const { port1, port2 } = new MessageChannel()
    const arrived: unknown[] = []
    const message = (_id: unknown, _type: unknown, _kind: string, payload: unknown) => arrived.push(payload)
    const observer = { message, drained: () => {}, ended: () => {} }
    const [near, far] = [openPort(port1)(observer), openPort(port2)(observer)]
    const inner = { n: 0, undefined: undefined, ['__proto__']: 1 }
    const holes = [1]
    holes[2] = 3
    const live = { n: 0, list: [inner, holes, Object.assign([1], { name: 'one' })] }
    for (let id = 0; id < 2; id++) {
      live.n = id
      inner.n = 10 + id
      near.send(id, 2, 'Answer', live)
    }
    const kept = structuredClone(live)
    Object.assign(live, { n: 99, list: [] })
    while (arrived.length < 2) await once(port2, 'message')
    near.close()
    far.close()
    expect(arrived[1]).toStrictEqual(kept)
    expect((arrived[0] as typeof live).n).toBe(0)
    expect((arrived[0] as typeof live).list[0]).toMatchObject({ n: 10 })
  })

  it('send() throws if a getter of the payload throws', async () => {
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

/** Two transports on one channel, with the messages that the far one received. Tests may post to `port1` directly. */
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

/** Posts `fields` and a view whose buffer is detached while the post is written. It cannot be read. */
function postUnreadable(port: MessagePort, ...fields: readonly unknown[]): void {
  const view = new Uint8Array(8)
  const detaches = {
    get buffer() {
      return structuredClone(view.buffer, { transfer: [view.buffer] })
    },
  }
  port.postMessage([...fields, view, detaches], [view.buffer])
}

const MEGABYTE = 1024 * 1024

describe('A message that cannot be read or cloned', () => {
  it('An unreadable payload arrives as UnreadablePayload with its id and kind, and other messages arrive as sent', async () => {
    using ends = connected()
    const { near, port1, port2, messages } = ends
    near.send(0, 2, 'Response', 1)
    await new Promise(process.nextTick)
    for (const id of [1, 2]) {
      postUnreadable(port1)
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

  it('A payload that cannot be cloned is reported, and the other messages of its batch arrive', async () => {
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
    const why = expect.stringMatching(/^(request\.Request|answer\.Response\[0\]) is a proxy/)
    expect(unsent).toEqual([
      [2, 1, why],
      [3, 2, why],
    ])
  })

  it('Without sendFailed(), a payload that cannot be cloned ends the connection', async () => {
    const ended: (Error | undefined)[] = []
    using ends = connected({}, { ended: error => ended.push(error) })
    ends.near.send(1, 1, 'Request', new Proxy({}, {}))
    await new Promise(setImmediate)
    expect(ended).toEqual([expect.objectContaining({ message: expect.stringMatching(/request\.Request is a proxy/) })])
  })
})

describe('Foreign posts', () => {
  const batch = [1, 5, 'Response', undefined]
  it.each([
    ['a text', ['what?']],
    ['an acknowledgement that was not requested', ['acknowledged']],
    ['an id that cannot be a text', [[{ toString: 1 }, 5, 'Response', 1]]],
    ['an id that is no whole number', [[Number.NaN, 5, 'Response', 1]]],
    ['a kind that is not a text', [[1, 5, { toString: 1 }, 1]]],
    ['two payloads', [['one'], ['two']]],
    ['two payloads, the second of them unreadable', [['one'], 'unreadable']],
    ['an unreadable batch', ['unreadable', [1, 2, 'Response', 'two']]],
    ['a payload without its message', [['one'], [1, 2, 'Response', 'two']]],
    ['a message without its payload', [batch]],
    ['a payload for the second message', [['one'], [1, 2, 'Response', 1, ...batch]]],
    ['a payload for two messages', [['one'], [...batch, ...batch]]],
  ])('%s ends the connection, and no message gets a foreign payload', async (_, posts) => {
    using ends = connected()
    for (const post of posts) {
      if (post === 'unreadable') postUnreadable(ends.port1, 1, 2, 'Response')
      else ends.port1.postMessage(post)
    }
    expect(await ends.ended).toBeInstanceOf(Error)
    for (const message of ends.messages) expect((message as unknown[])[3]).toBe('one')
  })
})

describe('Back-pressure over a port', () => {
  const large = () => new Uint8Array(MEGABYTE)

  it('The transport is congested above 16 MB unread, until the other side reads', async () => {
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

  it('300 MB that are read one by one cause no congestion', async () => {
    using ends = connected({ maxBufferedBytes: 20 * MEGABYTE })
    for (let i = 0; i < 300; i++) {
      ends.near.send(i, 1, 'Request', large())
      expect(ends.near.isCongested).toBe(false)
      while (ends.messages.length <= i) await once(ends.port2, 'message')
      ends.messages[i] = undefined
      // Let the acknowledgement arrive.
      await new Promise(setImmediate)
    }
  })

  it('Small messages count as well', async () => {
    using ends = connected()
    for (let i = 0; i < 100_000 && !ends.near.isCongested; i++) ends.near.send(i, 1, 'Request', 'small'.repeat(100))
    expect(ends.near.isCongested).toBe(true)
  })

  it('A message after more than maxBufferedBytes unread ends the connection; one message may be larger', async () => {
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
