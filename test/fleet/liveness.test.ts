import { expect, it } from 'vitest'
import { Liveness } from '../../src/fleet/liveness.js'

it('A node is alive that was heard within its timeout, or between the last two ticks of an observer that ticks less often', () => {
  const [often, seldom] = [new Liveness(200), new Liveness(1_500)]
  for (const liveness of [often, seldom]) {
    liveness.hear('n1')
    liveness.tick()
  }
  for (let tick = 1; tick < 5; tick++) often.tick()
  expect([often.isAlive('n1', 1_000), seldom.isAlive('n1', 1_000)]).toEqual([true, true])
  often.tick()
  seldom.tick()
  expect([often.isAlive('n1', 1_000), seldom.isAlive('n1', 1_000)]).toEqual([false, true])
  seldom.tick()
  expect([seldom.isAlive('n1', 1_000), seldom.isAlive('n2', 1_000)]).toEqual([false, false])
})
