import type { CallOptions } from 'cutover'
import { expect, it } from 'vitest'
import { traceCall } from '../../src/calls/tracedCall.js'
import { ChannelRecorder } from '../fixtures/channels.js'
import { microtasks } from '../fixtures/hosting.js'

it('A call that cannot be made, as on a full stack, throws, and its other events follow on a stack of their own', async () => {
  const channels = new ChannelRecorder()
  const full = () => {
    throw new RangeError('full')
  }
  expect(() => traceCall('a', undefined, () => 'active', full)).toThrow('full')
  expect(channels.take()).toEqual(['start'])
  await microtasks()
  expect(channels.take()).toEqual(['end', 'error', 'asyncStart', 'asyncEnd'])
})

it.each([
  ['none', undefined, {}],
  ['an onVersion that is null', { onVersion: null, key: 'a' }, { key: 'a' }],
  ['a traceparent that is a text', { traceparent: 'a' }, { traceparent: 'a' }],
  ['a traceparent that is a number', { traceparent: 1 }, { traceparent: 1 }],
])('A traced call is sent with its options and an onVersion: %s', async (_, given, expected) => {
  let sent: unknown
  await traceCall(
    'a',
    given as CallOptions | undefined,
    () => 'active',
    async options => {
      sent = options
    },
  )
  expect(sent).toMatchObject({ ...expected, onVersion: expect.any(Function) })
})

it.each([
  ['null', null],
  ['a text', 'text'],
  ['an onVersion that is no function', { onVersion: 1 }],
])('A traced call whose options are invalid is sent with them as they are: %s', async (_, given) => {
  let sent: unknown
  await traceCall(
    'a',
    given as never,
    () => 'active',
    async options => {
      sent = options
    },
  )
  expect(sent).toBe(given)
})

it('A traced call whose options cannot be read is sent as it is, and is rejected later', async () => {
  const options = {
    get signal(): never {
      throw new Error('a trap')
    },
  }
  let sent: unknown
  await traceCall(
    'a',
    options,
    () => 'active',
    async given => {
      sent = given
    },
  )
  expect(sent).toBe(options)
})

it.each([
  ['with an onVersion', true],
  ['without an onVersion', false],
])('A traced call %s says which version got it', async (_, hasOnVersion) => {
  const channels = new ChannelRecorder()
  const versions: string[] = []
  const options = hasOnVersion ? { onVersion: (version: string) => void versions.push(version) } : {}
  await traceCall(
    'a',
    options,
    () => 'next',
    async given => given?.onVersion?.('1.0.0'),
  )
  expect(versions).toEqual(hasOnVersion ? ['1.0.0'] : [])
  expect(channels.take()).toEqual(['start', 'end 1.0.0 next', 'asyncStart 1.0.0 next', 'asyncEnd 1.0.0 next'])
})
