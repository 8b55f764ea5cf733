import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { socketUrl } from '../../../src/inspect/page/connection/connection.js'
import { backoff, pageConnectionMachine } from '../../../src/inspect/page/connection/pageConnectionMachine.js'

describe('The machine of the page connection', () => {
  function start() {
    const clock = new SimulatedClock()
    const effects: string[] = []
    const actor = createActor(pageConnectionMachine, { clock })
    actor.on('*', ({ type }) => effects.push(type))
    const fail = () => {
      actor.send({ type: 'closed' })
      actor.send({ type: 'allowed' })
    }
    return { clock, effects, fail, actor: actor.start() }
  }

  it('connects again after an end, with an increasing delay that starts over after a success', () => {
    const { clock, effects, fail, actor } = start()
    for (const delay of [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
      fail()
      clock.increment(delay - 1)
      expect(actor.getSnapshot().value).toBe('waiting')
      clock.increment(1)
      expect(actor.getSnapshot().value).toBe('connecting')
    }
    expect(effects.filter(type => type === 'openSocket')).toHaveLength(8)
    actor.send({ type: 'opened' })
    actor.send({ type: 'closed' })
    clock.increment(500)
    expect(actor.getSnapshot().value).toBe('connecting')
    expect(backoff(1_000)).toBe(10_000)
  })

  it.each([
    ['connecting', []],
    ['open', ['opened']],
    ['checking', ['closed']],
    ['waiting', ['closed', 'allowed']],
  ] as const)('closes for good from the state %s', (state, events) => {
    const { clock, effects, actor } = start()
    for (const type of events) actor.send({ type })
    expect(actor.getSnapshot().value).toBe(state)
    actor.send({ type: 'close' })
    clock.increment(60_000)
    expect(actor.getSnapshot().value).toBe('closed')
    expect(effects.filter(type => type !== 'checkAccess')).toEqual(['openSocket', 'closeSocket'])
  })

  it('checks the access only after a socket that never opened, and gives up if it is refused', () => {
    const { clock, effects, actor } = start()
    actor.send({ type: 'opened' })
    actor.send({ type: 'closed' })
    expect(effects).toEqual(['openSocket'])
    clock.increment(500)
    actor.send({ type: 'closed' })
    actor.send({ type: 'refused' })
    clock.increment(60_000)
    expect(actor.getSnapshot().value).toBe('refused')
    expect(effects).toEqual(['openSocket', 'openSocket', 'checkAccess', 'closeSocket'])
  })
})

describe('The address of the WebSocket', () => {
  it('has the host and the token of the page', () => {
    const of = (url: string) => socketUrl(new URL(url))
    expect(of('http://127.0.0.1:80/?token=a%2Fb')).toBe('ws://127.0.0.1/socket?token=a%2Fb')
    expect(of('http://127.0.0.1:81/')).toBeUndefined()
    expect(of('file:///page/index.html?token=a')).toBeUndefined()
  })
})
