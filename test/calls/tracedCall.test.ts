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
