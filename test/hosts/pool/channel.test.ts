import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { InstanceMessage } from 'cutover'
import { expect, it, onTestFinished } from 'vitest'
import { Pooled } from './pooled.js'

it('The channel cutover.instance has the events of each instance, also those that are none of the pool', () => {
  const messages: InstanceMessage[] = []
  const listen = (message: unknown) => messages.push(message as InstanceMessage)
  subscribe('cutover.instance', listen)
  onTestFinished(() => void unsubscribe('cutover.instance', listen))
  const pooled = new Pooled({ size: 2 }).up()
  const reason = new Error('crashed')
  pooled.at(1).emitStopped(reason)
  expect(pooled.take()).toEqual([])
  const of = { runtime: 'rules', version: '1.0.0' }
  expect(messages).toEqual([
    { ...of, instance: 0, event: expect.objectContaining({ type: 'started' }) },
    { ...of, instance: 1, event: expect.objectContaining({ type: 'started' }) },
    { ...of, instance: 1, event: expect.objectContaining({ type: 'stopped', reason }) },
  ])
})
