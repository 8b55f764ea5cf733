import { getEventListeners } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { Connection } from '../../src/protocol/connection.js'
import type { ConnectionOptions } from '../../src/protocol/connectionOptions.js'
import { openPort } from '../../src/protocol/transports/portTransport.js'
import {
  REQUEST,
  RESPONSE,
  type TransportObserver,
  UnreadablePayload,
} from '../../src/protocol/transports/transport.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { turns } from '../fixtures/turns.js'
import { type Line, logTo } from './pair.js'

interface Sent {
  readonly id: number | bigint
  readonly type: number
  readonly kind: string
  readonly payload: unknown
}

/** A ready connection over a transport in memory, with the messages that it has sent. */
function inMemory(changes: Partial<ConnectionOptions> = {}, close = () => {}) {
  const sent: Sent[] = []
  const lines: Line[] = []
  const transport = {
    isCongested: false,
    send: (id: number | bigint, type: number, kind: string, payload: unknown) =>
      void sent.push({ id, type, kind, payload }),
    close,
  }
  let observer: TransportObserver | undefined
  const connection = new Connection({
    role: 'host',
    logger: logTo(lines),
    answerCall: payload => payload,
    answer: () => ({ kind: 'Empty', payload: {} }),
    closed: () => {},
    open: heard => {
      observer = heard
      return transport
    },
    ...changes,
  })
  connection.open()
  connection.initialized()
  if (observer === undefined) throw new Error('The connection did not open its transport.')
  return { connection, sent, lines, transport, observer }
}

const abortListeners = ({ signal }: AbortController) => getEventListeners(signal, 'abort').length

describe('Connection: abort listeners', () => {
  it.each<[string, (observer: TransportObserver, id: number) => void]>([
    ['is answered', (observer, id) => observer.message(id, RESPONSE, 'RuntimeCallResponse', 1)],
    ['gets an error', (observer, id) => observer.message(id, RESPONSE, 'Error', { message: 'no' })],
    ['gets an answer of the wrong kind', (observer, id) => observer.message(id, RESPONSE, 'Empty', {})],
    [
      'gets an unreadable answer',
      (observer, id) => observer.message(id, RESPONSE, 'RuntimeCallResponse', new UnreadablePayload(new Error('no'))),
    ],
    ['cannot be sent after all', (observer, id) => observer.sendFailed?.(id, REQUEST, new Error('no'))],
    ['loses its transport', observer => observer.ended(undefined)],
  ])('A call that %s leaves none on its signal', async (_, settle) => {
    const { connection, observer } = inMemory()
    const controller = new AbortController()
    const call = connection.call(1, { signal: controller.signal })
    expect(abortListeners(controller)).toBe(1)
    settle(observer, 1)
    await call.catch(() => {})
    expect(abortListeners(controller)).toBe(0)
    expect(connection.inFlight).toBe(0)
  })

  it('A request that is answered leaves none on its signal', async () => {
    const { connection, observer } = inMemory()
    const controller = new AbortController()
    const request = connection.request('RuntimePingRequest', {}, { signal: controller.signal })
    observer.message(1, RESPONSE, 'Empty', {})
    await request
    expect(abortListeners(controller)).toBe(0)
  })

  it('A call that the transport refuses leaves none on its signal', async () => {
    const { connection, transport } = inMemory()
    transport.send = () => {
      throw new TypeError('no')
    }
    const controller = new AbortController()
    const error = await rejectionOf(connection.call(1, { signal: controller.signal }))
    expect(error).toMatchObject({ code: 'CUTOVER_INVALID_REQUEST' })
    await turns(1)
    expect(abortListeners(controller)).toBe(0)
    expect(connection.inFlight).toBe(0)
  })

  it('A queued call has one while it waits and while it is in flight, and none when the connection closes', async () => {
    const { connection, transport, observer } = inMemory()
    const [first, second] = [new AbortController(), new AbortController()]
    transport.isCongested = true
    const calls = [first, second].map(({ signal }, i) => connection.call(i, { signal }))
    transport.isCongested = false
    observer.drained()
    expect([connection.inFlight, abortListeners(first)]).toEqual([2, 1])
    transport.isCongested = true
    const queued = new AbortController()
    calls.push(connection.call(2, { signal: queued.signal }))
    const reason = new Error('over')
    const errors = Promise.all(calls.map(rejectionOf))
    connection.close(reason)
    expect(await errors).toEqual([reason, reason, reason])
    expect([first, second, queued].map(abortListeners)).toEqual([0, 0, 0])
  })
})

describe('Connection: second chances', () => {
  it('A settled call makes room for the queue, also when it could not be sent', async () => {
    const { connection, observer, sent } = inMemory({ maxInFlight: 1 })
    const calls = [1, 2, 3].map(payload => connection.call(payload).catch(() => 'failed'))
    observer.sendFailed?.(1, REQUEST, new Error('no'))
    observer.message(2, RESPONSE, 'RuntimeCallResponse', 'two')
    observer.message(3, RESPONSE, 'RuntimeCallResponse', 'three')
    expect(await Promise.all(calls)).toEqual(['failed', 'two', 'three'])
    expect(sent.map(({ payload }) => payload)).toEqual([1, 2, 3])
  })

  it('A raw call that is aborted makes room for the queue', async () => {
    const { connection, sent } = inMemory({ maxInFlight: 1 })
    const controller = new AbortController()
    const first = rejectionOf(connection.callRaw({ A: 1 }, { signal: controller.signal }))
    connection.callRaw({ B: 2 }).catch(() => {})
    controller.abort('enough')
    expect(await first).toBe('enough')
    expect(sent.map(({ kind }) => kind)).toEqual(['A', 'B'])
    connection.close(new Error('over'))
  })

  it('A send that fails after the fact answers with an error', () => {
    const { sent, observer } = inMemory()
    observer.message(7, REQUEST, 'HostCallRequest', 'echo')
    observer.sendFailed?.(7, RESPONSE, new Error('could not be cloned'))
    expect(sent).toMatchObject([
      { id: 7, type: RESPONSE, kind: 'HostCallResponse', payload: 'echo' },
      { id: 7, type: RESPONSE, kind: 'Error', payload: { message: /could not be cloned/ } },
    ])
  })

  it('An error that is too large to send is answered with its name and the start of its message', () => {
    const answerCall = () => {
      throw new RangeError('x'.repeat(1_000))
    }
    const { sent, transport, observer } = inMemory({ answerCall })
    const send = transport.send
    transport.send = (id, type, kind, payload) => {
      if (JSON.stringify(payload).length > 500) throw new RangeError('too large')
      send(id, type, kind, payload)
    }
    observer.message(7, REQUEST, 'HostCallRequest', 1)
    expect(sent).toMatchObject([{ id: 7, kind: 'Error', payload: { message: `RangeError: ${'x'.repeat(188)}` } }])
  })

  it('A request with an unreadable payload is answered with an error', () => {
    const { sent, observer } = inMemory()
    observer.message(7, REQUEST, 'HostCallRequest', new UnreadablePayload(new Error('too deep')))
    expect(sent).toMatchObject([{ id: 7, kind: 'Error', payload: { message: /cannot be read: too deep/ } }])
  })

  it('A request with an id in use is answered with an error, and the first one keeps its handler', () => {
    let handled = 0
    const answerCall = () => {
      handled++
      return new Promise(() => {})
    }
    const { sent, observer } = inMemory({ answerCall })
    for (let i = 0; i < 2; i++) observer.message(7, REQUEST, 'HostCallRequest', 1)
    expect(handled).toBe(1)
    expect(sent).toMatchObject([{ id: 7, kind: 'Error', payload: { message: /Request 7 is still unanswered/ } }])
  })

  it('An answer of another kind that settles makes room for one more request', async () => {
    const { sent, observer } = inMemory({ maxHostRequests: 1, answer: async () => ({ kind: 'Empty', payload: {} }) })
    observer.message(1, REQUEST, 'HostOther', {})
    observer.message(2, REQUEST, 'HostOther', {})
    await turns(1)
    observer.message(3, REQUEST, 'HostOther', {})
    await turns(1)
    expect(sent.map(({ id, kind }) => [id, kind])).toEqual([
      [2, 'Error'],
      [1, 'Empty'],
      [3, 'Empty'],
    ])
  })
})

describe('Connection: deferred calls', () => {
  it('A cancel or an interrupt answers a deferred call, and the handler never starts', async () => {
    const started: unknown[] = []
    const { connection, sent, transport, observer } = inMemory({ answerCall: payload => void started.push(payload) })
    transport.isCongested = true
    for (const id of [1, 2, 3]) observer.message(id, REQUEST, 'HostCallRequest', id)
    observer.message(4, REQUEST, 'HostCancelRequest', { id: 1 })
    connection.interrupt(new Error('aborted'))
    transport.isCongested = false
    observer.drained()
    await turns(1)
    expect(started).toEqual([])
    expect(sent.map(({ id, kind }) => [id, kind])).toEqual([
      [1, 'Error'],
      [4, 'Empty'],
      [2, 'Error'],
      [3, 'Error'],
    ])
  })

  it('A deferred call never starts after the connection has closed', async () => {
    const started: unknown[] = []
    const { connection, sent, transport, observer } = inMemory({ answerCall: payload => void started.push(payload) })
    transport.isCongested = true
    observer.message(1, REQUEST, 'HostCallRequest', 1)
    transport.isCongested = false
    observer.drained()
    connection.close(new Error('over'))
    await turns(1)
    expect([started, sent]).toEqual([[], []])
  })
})

describe('Connection: closing', () => {
  it('A transport that cannot open rejects the queued calls with the cause', async () => {
    const connection = new Connection({
      role: 'host',
      logger: logTo([]),
      answerCall: () => null,
      answer: () => ({ kind: 'Empty', payload: {} }),
      closed: () => {},
      open: () => {
        throw new Error('no socket')
      },
    })
    const call = rejectionOf(connection.call(1))
    connection.open()
    expect(await call).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST', message: /no socket/ })
    expect(connection.state).toBe('closed')
  })

  it.each<[string, ConnectionOptions['closed']]>([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('Calls in flight reject with the reason even if closed() %s', async (_, closed) => {
    const { connection, observer } = inMemory({ closed })
    const call = rejectionOf(connection.call(1))
    observer.ended(new Error('half a frame'))
    expect(await call).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST', message: /half a frame/ })
  })

  it('A transport whose close() throws is logged, and calls and handlers still end', async () => {
    let signal: AbortSignal | undefined
    const answerCall: ConnectionOptions['answerCall'] = (_, context) => {
      signal = context.signal
      return new Promise(() => {})
    }
    const { connection, lines, observer } = inMemory({ answerCall }, () => {
      throw new Error('broken')
    })
    observer.message(1, REQUEST, 'HostCallRequest', 1)
    const call = rejectionOf(connection.call(1))
    connection.close(new Error('over'))
    expect(await call).toMatchObject({ message: 'over' })
    expect(signal?.aborted).toBe(true)
    expect(lines).toEqual([{ level: 'error', message: 'closing the transport failed' }])
  })

  it('A signal that is read after an interrupt has fired', async () => {
    let read: (() => AbortSignal) | undefined
    const answerCall: ConnectionOptions['answerCall'] = (_, context) => {
      read = () => context.signal
      return new Promise(() => {})
    }
    const { connection, observer } = inMemory({ answerCall })
    observer.message(1, REQUEST, 'HostCallRequest', 1)
    const reason = new Error('first')
    connection.interrupt(reason)
    connection.close(new Error('second'))
    expect(read?.().reason).toBe(reason)
  })
})

describe('A port transport', () => {
  it('An answer that cannot be cloned becomes an error for its caller, and other answers arrive', async () => {
    const { port1, port2 } = new MessageChannel()
    const options = { logger: logTo([]), answer: () => ({ kind: 'Empty', payload: {} }), closed: () => {} }
    const host = new Connection({ ...options, role: 'host', open: openPort(port1), answerCall: () => null })
    const answerCall = (payload: unknown) => (payload === 'proxy' ? new Proxy({}, {}) : payload)
    const guest = new Connection({ ...options, role: 'guest', open: openPort(port2), answerCall })
    for (const side of [host, guest]) {
      side.open()
      side.initialized()
    }
    const calls = ['one', 'proxy', 'two'].map(payload => host.call(payload).catch((error: unknown) => error))
    expect(await Promise.all(calls)).toEqual([
      'one',
      expect.objectContaining({ code: 'CUTOVER_INVALID_ANSWER' }),
      'two',
    ])
    host.close(new Error('over'))
    guest.close(new Error('over'))
  })

  it('Reports its end once, and close() sends what is batched', async () => {
    const { port1, port2 } = new MessageChannel()
    const ended: unknown[] = []
    const received: unknown[] = []
    const far = openPort(port2)({
      message: (...message) => received.push(message[3]),
      drained: () => {},
      ended: error => ended.push(error),
    })
    const near = openPort(port1)({ message: () => {}, drained: () => {}, ended: error => ended.push(error) })
    const closed = new Promise(resolve => port2.once('close', resolve))
    near.send(1, REQUEST, 'Request', 'last')
    near.close()
    near.send(2, REQUEST, 'Request', 'too late')
    await closed
    expect([received, ended]).toEqual([['last'], [undefined]])
    far.close()
  })
})
