import { SimulatedClock } from 'cutover/testing'
import { expect, it } from 'vitest'
import { Ticker } from '../../../src/inspect/clients/ticker.js'

function create() {
  const clock = new SimulatedClock()
  let ticks = 0
  const ticker = new Ticker(clock, 100, () => {
    ticks++
  })
  return { clock, ticker, ticks: () => ticks }
}

it('Ticks once per period, also after a second start', () => {
  const { clock, ticker, ticks } = create()
  ticker.start()
  ticker.start()
  clock.increment(99)
  expect(ticks()).toBe(0)
  for (let i = 0; i < 3; i++) clock.increment(100)
  expect(ticks()).toBe(3)
})

it('Leaves no timer after stop, and can be started again', () => {
  const { clock, ticker, ticks } = create()
  ticker.start()
  clock.increment(50)
  ticker.stop()
  ticker.stop()
  clock.increment(1_000)
  expect(ticks()).toBe(0)
  ticker.start()
  clock.increment(100)
  expect(ticks()).toBe(1)
})

it('Can be stopped by its own tick', () => {
  const clock = new SimulatedClock()
  let ticks = 0
  const ticker: Ticker = new Ticker(clock, 100, () => {
    ticks++
    ticker.stop()
  })
  ticker.start()
  for (let i = 0; i < 3; i++) clock.increment(100)
  expect(ticks).toBe(1)
})
