import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { onAbort } from '../../src/support/abortListeners.js'

const countOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

it('Many callbacks share one listener, which goes with the last of them', () => {
  const { signal } = new AbortController()
  const removals = Array.from({ length: 20 }, () => onAbort(signal, () => {}))
  expect(countOf(signal)).toBe(1)
  for (const remove of removals.slice(1)) remove()
  expect(countOf(signal)).toBe(1)
  removals[0]?.()
  expect(countOf(signal)).toBe(0)
})

it('A removed callback is not called, the others are, and no listener stays', () => {
  const controller = new AbortController()
  const called: string[] = []
  onAbort(controller.signal, () => called.push('kept'))
  onAbort(controller.signal, () => called.push('removed'))()
  controller.abort()
  expect(called).toEqual(['kept'])
  expect(countOf(controller.signal)).toBe(0)
})

it('A second removal does not take the listener of a callback that was added meanwhile', () => {
  const controller = new AbortController()
  const remove = onAbort(controller.signal, () => {})
  remove()
  let isCalled = false
  onAbort(controller.signal, () => (isCalled = true))
  remove()
  controller.abort()
  expect(isCalled).toBe(true)
})
