import { expect, it, onTestFinished, vi } from 'vitest'
import { oncePerFrame } from '../../../src/inspect/page/browser/oncePerFrame.js'

it('Any number of calls between two frames lead to one call in the next frame', () => {
  const frames: (() => void)[] = []
  vi.stubGlobal('requestAnimationFrame', (act: () => void) => frames.push(act))
  onTestFinished(() => void vi.unstubAllGlobals())
  let calls = 0
  const redraw = oncePerFrame(() => {
    calls++
  })
  for (let i = 0; i < 100; i++) redraw()
  expect([calls, frames.length]).toEqual([0, 1])
  frames[0]?.()
  expect(calls).toBe(1)
  redraw()
  frames[1]?.()
  expect([calls, frames.length]).toEqual([2, 2])
})

it('A call from within the frame leads to one in the next frame', () => {
  const frames: (() => void)[] = []
  vi.stubGlobal('requestAnimationFrame', (act: () => void) => frames.push(act))
  onTestFinished(() => void vi.unstubAllGlobals())
  const redraw: () => void = oncePerFrame(() => redraw())
  redraw()
  frames[0]?.()
  expect(frames).toHaveLength(2)
})
