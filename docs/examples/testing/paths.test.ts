import { pathsOf } from 'cutover/testing'
import { expect, it } from 'vitest'
import { createMachine } from 'xstate'

/** The code under test. */
class Turnstile {
  isOpen = false
  coin() {
    this.isOpen = true
  }
  push() {
    this.isOpen = false
  }
}

/** Its behaviour. */
const machine = createMachine({
  id: 'turnstile',
  initial: 'closed',
  states: { closed: { on: { coin: 'open' } }, open: { on: { coin: 'open', push: 'closed' } } },
})

it.each(pathsOf(machine))('$name', ({ steps }) => {
  const turnstile = new Turnstile()
  for (const { event, state } of steps) {
    turnstile[event.type as 'coin' | 'push']()
    expect(turnstile.isOpen).toBe(state.value === 'open')
  }
})
