import { describe, expect, it } from 'vitest'
import type { ActorRefLike } from 'xstate'
import { Definitions } from '../../../src/inspect/messages/definitions.js'
import type { ActorInfo, RecordedEvent } from '../../../src/inspect/messages/recordedEvent.js'
import { serialize } from '../../../src/inspect/messages/serialize.js'
import { viewOfNothing } from '../../fixtures/detached.js'

const throws = () => {
  throw new Error('no')
}
const revoked = Proxy.revocable({}, {})
revoked.revoke()
let deep: object = {}
for (let i = 0; i < 1e6; i++) deep = { deep }
const sparse: number[] = []
sparse[4e9] = 1

const UNUSUAL: Readonly<Record<string, unknown>> = {
  'a revoked proxy': revoked.proxy,
  'a proxy that cannot be read': new Proxy({}, { get: throws, has: throws, ownKeys: throws }),
  'an array of length x': new Proxy([], { get: (_, key) => (key === 'length' ? 'x' : 1) }),
  'a detached array': viewOfNothing(),
  'an array without a class': Object.assign(new Uint8Array(2), { constructor: undefined }),
  'a Map whose size throws': Object.defineProperty(new Map(), 'size', { get: throws }),
  'a Set without end': Object.defineProperty(new Set(), 'size', { value: 1e9 }),
  'an Error whose message throws': Object.defineProperty(new Error('x'), 'message', { get: throws }),
  'a toJSON that returns itself': Object.assign(Object.create(null), {
    toJSON() {
      return this
    },
  }),
  'a then that throws': Object.defineProperty({}, 'then', { get: throws }),
  'a symbol': Symbol('s'),
  'a boxed BigInt': Object(1n),
  'half a character': '\ud800',
  'a million levels': deep,
  'a sparse array': sparse,
  'this process': process,
}

const AT = { sessionId: 'x:1', rootId: 'x:0', createdAt: 1 }
const actor = (info: Partial<ActorInfo>): ActorInfo => ({
  ...AT,
  parentId: undefined,
  name: 'a',
  config: undefined,
  ref: undefined,
  lastSnapshot: undefined,
  ...info,
})

function recordedEvents(value: unknown): RecordedEvent[] {
  const config = typeof value === 'object' && value !== null ? value : { value }
  return [
    { type: '@xstate.event', event: value, sourceId: undefined, ...AT },
    { type: '@xstate.snapshot', event: { type: value }, snapshot: { status: value, value: value }, ...AT },
    { type: '@xstate.snapshot', event: { type: 'e', value }, snapshot: value, ...AT },
    { type: '@xstate.actor', actor: actor({ lastSnapshot: { context: value }, config }) },
    { type: '@xstate.actor', actor: actor({ lastSnapshot: value, config: { context: value } }) },
    { type: '@cutover.status', status: value as never, sessionId: undefined, createdAt: 1 },
  ]
}

it('An actor whose snapshot cannot be read is announced without one', () => {
  const sanitize = (value: unknown) => value
  const options = { sanitize, maxMessageBytes: 4_096, definitions: new Definitions(sanitize) }
  const ref = { getSnapshot: throws } as unknown as ActorRefLike
  const json = serialize({ type: '@xstate.actor', actor: actor({ ref }) }, options)
  expect(JSON.parse(json)).toMatchObject({ type: '@xstate.actor', name: 'a', definition: '{"id":"a"}' })
})

describe('Any value becomes a message of limited size', () => {
  it.each(Object.entries(UNUSUAL))('%s', (_, value) => {
    const sanitize = (value: unknown) => value
    const options = { sanitize, maxMessageBytes: 4_096, definitions: new Definitions(sanitize) }
    for (const recorded of recordedEvents(value)) {
      const { type, definition = '{}', ...rest } = JSON.parse(serialize(recorded, options))
      expect(type).toBe(recorded.type)
      expect(JSON.parse(definition)).toBeTypeOf('object')
      expect(Buffer.byteLength(JSON.stringify(rest))).toBeLessThanOrEqual(4_096)
    }
  })
})
