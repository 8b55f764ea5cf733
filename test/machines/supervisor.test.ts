import { backoffOf, type SupervisorEvent, supervisorMachine } from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import { initialTransition } from 'xstate'
import { EVENTS, error, eventOf, step, TABLE, TIMES } from './supervisorTable.js'

/** Every timer of the table, in every state: one that is not set in a state does nothing there. */
const TIMERS = [...new Set(Object.values(TABLE).flatMap(row => Object.keys(row).filter(name => name.includes('@'))))]

function take(path: string, event: SupervisorEvent, known?: { failures?: number; isOverdue?: boolean }): string {
  const [next, actions] = step(path, event, known)
  const [parent, child] = typeof next.value === 'string' ? [next.value] : (Object.entries(next.value)[0] ?? [])
  const { failures, isOverdue } = next.context
  const effects = actions.flatMap(({ type, params }) => {
    const { reason } = (params ?? {}) as { readonly reason?: Error | string }
    const blamed = reason === undefined ? '' : `(${reason instanceof Error ? reason.message : reason})`
    return type.startsWith('xstate.') ? [] : [`${type}${blamed}`]
  })
  const place = child === undefined ? parent : `${parent}.${child}`
  return `${place} ${failures}${isOverdue ? ' overdue' : ''}: ${effects.join(' ')}`.trimEnd()
}

describe('the supervisor machine, held against a table written by hand', () => {
  for (const [state, row] of Object.entries(TABLE)) {
    for (const name of [...Object.keys(EVENTS), ...TIMERS]) {
      const unchanged = name === 'overdue' ? `${state} 1 overdue:` : `${state} 1:`
      const expected = row[name] ?? unchanged
      it(`${state}, on ${name}: ${expected}`, () => {
        expect(take(state, eventOf(name))).toBe(expected)
      })
    }
  }

  it('The table has every state but the final one', () => {
    const states = Object.entries(supervisorMachine.states).flatMap(([name, { states: inner }]) => {
      const children = Object.keys(inner)
      return children.length === 0 ? [name] : children.map(child => `${name}.${child}`)
    })
    expect(Object.keys(TABLE).sort()).toEqual(states.filter(state => state !== 'stopped').sort())
  })

  it.each([
    ['up.idle', 'exited', 'gaveUp 2 overdue: rejectCalls(its own) emitStopped emitGaveUp'],
    ['launching.starting', 'exited', 'gaveUp 2 overdue: emitFailed(its own) emitGaveUp'],
    ['clearing.killing', 'exited', 'gaveUp 1 overdue: emitGaveUp'],
    ['gaveUp', 'restart', 'launching.connecting 0: launchGuest'],
    ['givingUp', 'restart', 'restarting.cancelling 0: killGuest'],
    ['launching.starting', 'failedForGood', 'givingUp 1 overdue: emitFinalFailure(its own) killGuest'],
    ['givingUp', 'exited', 'gaveUp 1 overdue:'],
    ['up.idle', 'stableAfter@up', 'up.idle 0:'],
    ['lost.killing', 'stop', 'stopping.killing 1 overdue: rejectCalls(stopped) killGuest'],
  ])('After it has failed for giveUpAfter, %s on %s: %s', (state, name, expected) => {
    expect(take(state, eventOf(name), { isOverdue: true })).toBe(expected)
  })

  it('It is made idle, and has not failed', () => {
    const [made, actions] = initialTransition(supervisorMachine, TIMES)
    expect(made.value).toBe('idle')
    expect(made.context).toEqual({ ...TIMES, failures: 0, isOverdue: false })
    expect(actions).toEqual([])
  })

  it('Stopped is the end', () => {
    expect(step('stopping.killing', { type: 'guest.exited', error })[0].status).toBe('done')
  })

  it('The wait before a launch grows by its factor with each failure, up to the longest', () => {
    const waits = [1, 2, 3, 4, 12, 13, 1_000].map(failures => backoffOf({ ...TIMES, failures, isOverdue: false }))
    expect(waits).toEqual([500, 750, 1_125, 1_687.5, 500 * 1.5 ** 11, 60_000, 60_000])
  })
})
