import { supervisorMachine } from 'cutover/machines'
import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { error, eventOf, step, TABLE, TIMES } from './supervisorTable.js'

/** The timers that a step sets, by the name of the event, and how long they run. */
function timersOf([, actions]: ReturnType<typeof step>): Record<string, number | undefined> {
  const timers = actions.flatMap(({ type, params }) => {
    const { event, delay } = (params ?? {}) as { readonly event?: { readonly type: string }; readonly delay?: number }
    if (type !== 'xstate.raise' || event === undefined) return []
    return [[event.type.replace(/^xstate\.after\.(\w+)\.supervisor\./, '$1@'), delay]]
  })
  return Object.fromEntries(timers)
}

describe('the timers of the supervisor machine', () => {
  it('The first failure, and only that, sets the time after which it is given up', () => {
    const delays = (failures: number) => timersOf(step('up.idle', { type: 'guest.exited', error }, { failures }))
    expect([0, 1, 7].map(failures => delays(failures)['overdue'])).toEqual([86_400_000, undefined, undefined])
  })

  it.each([
    ['up.idle', 'stableAfter@up'],
    ['gaveUp', 'restart'],
    ['givingUp', 'restart'],
    ['backingOff', 'stop'],
    ['stopping.killing', 'exited'],
  ])('That time is not waited for any more: %s on %s', (state, name) => {
    const [, actions] = step(state, eventOf(name))
    expect(actions).toContainEqual(expect.objectContaining({ type: 'xstate.cancel', params: { sendId: 'overdue' } }))
  })

  it('Every timer runs for as long as its option says', () => {
    const timers = Object.entries(TABLE).flatMap(([state, row]) =>
      Object.keys(row).flatMap(name => Object.entries(timersOf(step(state, eventOf(name), { failures: 3 })))),
    )
    expect(Object.fromEntries(timers)).toEqual({
      'connectTimeout@launching.connecting': 10_000,
      'startTimeout@launching.starting': 120_000,
      'exitGrace@clearing.settling': 100,
      'discardTimeout@clearing.killing': 5_500,
      'discardTimeout@givingUp': 5_500,
      'backoff@backingOff': 1_125,
      'stableAfter@up': 900_000,
      'watchdogInterval@up.idle': 15_000,
      'watchdogTimeout@up.pinging': 5_200,
      'abortTimeout@up.aborting': 1_100,
      'exitGrace@lost.settling': 100,
      'killTimeout@lost.killing': 5_000,
      'discardTimeout@restarting.cancelling': 5_500,
      'killTimeout@restarting.settling': 5_000,
      'killTimeout@restarting.terminating': 5_000,
      'cancelTimeout@stopping.cancelling': 1_200,
      'shutdownTimeout@stopping.asking': 1_000,
      'killTimeout@stopping.terminating': 5_000,
      'killTimeout@stopping.killing': 5_000,
    })
  })

  it('A guest that fails again after it has been up for stableAfter is not given up for what was before', () => {
    const clock = new SimulatedClock()
    const known: Readonly<Record<string, unknown>> = supervisorMachine.implementations.actions
    const effects = Object.keys(known).filter(name => typeof known[name] === 'function' && !('type' in known[name]))
    const actions = Object.fromEntries(effects.map(name => [name, () => {}]))
    const input = { ...TIMES, watchdogInterval: 2 * TIMES.giveUpAfter }
    const actor = createActor(supervisorMachine.provide({ actions }), { input, clock }).start()
    const tell = (...names: string[]) => names.forEach(name => void actor.send(eventOf(name)))
    tell('start', 'connected', 'started', 'exited')
    clock.increment(TIMES.minBackoff)
    tell('connected', 'started')
    clock.increment(TIMES.stableAfter)
    tell('exited')
    clock.increment(TIMES.giveUpAfter - TIMES.stableAfter)
    expect(actor.getSnapshot().context).toMatchObject({ isOverdue: false })
    actor.stop()
  })
})
