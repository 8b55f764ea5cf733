import { type ModuleRunEvent, moduleRunMachine } from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import { transition } from 'xstate'
import { type FlatTable, holdAgainst } from './flatTable.js'

type State = 'idle' | 'loading' | 'starting' | 'up' | 'failed' | 'cancelling' | 'stopping'

const EVENTS = [
  'start',
  'loaded',
  'started',
  'failed',
  'stop',
  'stopped',
] as const satisfies readonly ModuleRunEvent['type'][]

/** Written by hand, not made from the machine. */
const TABLE: FlatTable<State, ModuleRunEvent['type']> = {
  idle: { start: 'loading: loadModule', stop: 'ended: reportEnded' },
  loading: { loaded: 'starting: startModule', failed: 'failed: reportFailed', stop: 'cancelling: interruptModule' },
  starting: { started: 'up: reportStarted', failed: 'failed: reportFailed', stop: 'cancelling: interruptModule' },
  up: { stop: 'stopping: interruptModule stopModule' },
  failed: { stop: 'ended: interruptModule reportEnded' },
  cancelling: {
    loaded: 'ended: reportCancelled reportEnded',
    started: 'stopping: reportStarted stopModule',
    failed: 'ended: reportFailed reportEnded',
  },
  stopping: { stopped: 'ended: reportEnded' },
}

describe('the machine of a module run', () => {
  holdAgainst(moduleRunMachine, TABLE, EVENTS, 'ended')

  it('Ended is the end', () => {
    const stopping = moduleRunMachine.resolveState({ value: 'stopping' })
    expect(transition(moduleRunMachine, stopping, { type: 'stopped' })[0].status).toBe('done')
  })

  it.each(['loading', 'starting', 'cancelling'] as const)('A failure in %s is reported with its error', value => {
    const error = new Error('no memory')
    const [, actions] = transition(moduleRunMachine, moduleRunMachine.resolveState({ value }), {
      type: 'failed',
      error,
    })
    expect(actions).toContainEqual(expect.objectContaining({ type: 'reportFailed', params: { error } }))
  })

  it.each(['loading', 'starting', 'up', 'failed'] as const)(
    'A stop in %s interrupts the module with its reason',
    value => {
      const reason = new Error('deployed')
      const [, actions] = transition(moduleRunMachine, moduleRunMachine.resolveState({ value }), {
        type: 'stop',
        reason,
      })
      expect(actions).toContainEqual(expect.objectContaining({ type: 'interruptModule', params: { reason } }))
    },
  )
})
