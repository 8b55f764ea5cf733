import { type VersionContext, type VersionEvent, versionMachine } from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import { initialTransition, transition } from 'xstate'
import { effectsOf } from './effectsOf.js'

type Said = VersionContext['host']
/** `expected` unless a row of the table says otherwise. */
type State = 'provisioned' | 'starting' | 'gaveUp' | 'running' | 'draining' | 'terminating'

const FAILURE = { name: 'Error', message: 'no', code: null }

const EVENTS: Readonly<Record<string, VersionEvent>> = {
  start: { type: 'start' },
  stop: { type: 'stop' },
  drained: { type: 'drained' },
  started: { type: 'host.started', capability: null },
  failed: { type: 'host.failedToStart', error: FAILURE, isFinal: false },
  gaveUp: { type: 'host.failedToStart', error: FAILURE, isFinal: true },
  refused: { type: 'host.refused' },
  updated: { type: 'host.updated', capability: null },
  stopped: { type: 'host.stopped', error: null },
  died: { type: 'host.stopped', error: FAILURE },
  ended: { type: 'host.ended', error: FAILURE },
  drainTimeout: { type: 'xstate.after.drainTimeout.version.stopping.draining' } as never,
  stopTimeout: { type: 'xstate.after.stopTimeout.version.stopping.terminating' } as never,
}

/**
 * Written by hand, not made from the machine. State, and what its host last said of its end → event → the next of both,
 * and what is done, in order. What is not here changes nothing and does nothing.
 */
const TABLE: readonly (readonly [State, Said, Readonly<Record<string, string>>])[] = [
  [
    'provisioned',
    'expected',
    { start: 'starting expected: startHost', stop: 'stopped expected: releaseHost reportStopped' },
  ],
  [
    'starting',
    'expected',
    {
      stop: 'draining expected: awaitDrain',
      started: 'running expected: logRunning reportRunning',
      stopped: 'starting stopped: reportFailed',
      died: 'starting stopped: reportFailed',
      ended: 'starting ended: emitStopped reportFailed',
      gaveUp: 'gaveUp expected: reportFailed',
      failed: 'starting expected: reportFailed',
    },
  ],
  [
    'starting',
    'stopped',
    {
      stop: 'draining stopped: awaitDrain',
      started: 'running expected: logRunning reportRunning',
      ended: 'starting ended: reportFailed',
      gaveUp: 'gaveUp stopped: reportFailed',
      failed: 'starting stopped: reportFailed',
      stopped: 'starting stopped: reportFailed',
      died: 'starting stopped: reportFailed',
    },
  ],
  ['starting', 'ended', { stop: 'draining ended: awaitDrain' }],
  [
    'gaveUp',
    'expected',
    {
      stop: 'draining expected: awaitDrain',
      started: 'running expected: logRunning reportRunning',
      stopped: 'gaveUp stopped: reportFailed',
      died: 'gaveUp stopped: reportFailed',
      ended: 'gaveUp ended: emitStopped reportFailed',
      failed: 'starting expected: reportFailed',
      gaveUp: 'gaveUp expected: reportFailed',
    },
  ],
  [
    'gaveUp',
    'stopped',
    {
      stop: 'draining stopped: awaitDrain',
      started: 'running expected: logRunning reportRunning',
      ended: 'gaveUp ended: reportFailed',
      failed: 'starting stopped: reportFailed',
      gaveUp: 'gaveUp stopped: reportFailed',
      stopped: 'gaveUp stopped: reportFailed',
      died: 'gaveUp stopped: reportFailed',
    },
  ],
  ['gaveUp', 'ended', { stop: 'draining ended: awaitDrain' }],
  [
    'running',
    'expected',
    {
      stop: 'draining expected: awaitDrain',
      stopped: 'starting stopped: reportLost',
      died: 'starting stopped: reportLost',
      ended: 'starting ended: emitStopped reportLost',
      refused: 'starting expected: reportLost',
    },
  ],
  [
    'draining',
    'expected',
    {
      drained: 'terminating expected: rejectCalls stopHost',
      drainTimeout: 'terminating expected: rejectCalls stopHost',
      stopped: 'draining stopped:',
      died: 'draining stopped:',
      ended: 'draining ended: emitStopped reportFailed',
    },
  ],
  [
    'draining',
    'stopped',
    {
      drained: 'terminating stopped: rejectCalls stopHost',
      drainTimeout: 'terminating stopped: rejectCalls stopHost',
      started: 'draining expected:',
      ended: 'draining ended: reportFailed',
    },
  ],
  [
    'draining',
    'ended',
    {
      drained: 'stopped ended: rejectCalls stopHost releaseHost reportStopped',
      drainTimeout: 'stopped ended: rejectCalls stopHost releaseHost reportStopped',
    },
  ],
  [
    'terminating',
    'expected',
    {
      stopped: 'stopped expected: releaseHost reportStopped',
      died: 'stopped expected: releaseHost reportStopped',
      ended: 'stopped expected: emitStopped releaseHost reportStopped',
      stopTimeout: 'stopped expected: giveUpHost emitStopped releaseHost reportStopped',
    },
  ],
  [
    'terminating',
    'stopped',
    {
      started: 'terminating expected:',
      stopped: 'stopped stopped: releaseHost reportStopped',
      died: 'stopped stopped: releaseHost reportStopped',
      ended: 'stopped stopped: releaseHost reportStopped',
      stopTimeout: 'stopped stopped: giveUpHost emitStopped releaseHost reportStopped',
    },
  ],
]

/** Nothing is heard of a host whose stream has ended. */
const isHeard = (said: Said, event: string) =>
  said !== 'ended' || !/^(started|failed|gaveUp|refused|updated|stopped|died|ended)$/.test(event)

const PARENTS: Readonly<Partial<Record<State, string>>> = {
  draining: 'stopping',
  terminating: 'stopping',
}

/** The machine in `state`, whose host last said this of its end. */
function stateOf(state: State, said: Said, known: Partial<VersionContext> = {}) {
  const context: VersionContext = {
    version: '1.0.0',
    drainTimeout: 5_000,
    stopTimeout: 30_000,
    host: said,
    capability: null,
    lastError: null,
    ...known,
  }
  const value = PARENTS[state] === undefined ? state : { [PARENTS[state]]: state }
  return versionMachine.resolveState({ value, context } as never)
}

function take(state: State, said: Said, event: VersionEvent, drainTimeout = 5_000): string {
  const [next, actions] = transition(versionMachine, stateOf(state, said, { drainTimeout }), event)
  const path = typeof next.value === 'string' ? next.value : Object.values(next.value)[0]
  return `${path} ${next.context.host}: ${effectsOf(actions).join(' ')}`.trimEnd()
}

describe('the version machine, held against a table written by hand', () => {
  for (const [state, said, row] of TABLE) {
    for (const [name, event] of Object.entries(EVENTS)) {
      if (!isHeard(said, name)) continue
      const expected = row[name] ?? `${state} ${said}:`
      it(`${state}, ${said}, on ${name}: ${expected}`, () => {
        expect(take(state, said, event)).toBe(expected)
      })
    }
  }

  it('Without time to drain, a version that is told to stop is at once asked to', () => {
    expect(take('running', 'expected', { type: 'stop' }, 0)).toBe(
      'terminating expected: awaitDrain rejectCalls stopHost',
    )
    expect(take('starting', 'ended', { type: 'stop' }, 0)).toBe(
      'stopped ended: awaitDrain rejectCalls stopHost releaseHost reportStopped',
    )
  })

  it('It is made, not started, and nothing is known of its host', () => {
    const input = { version: '1.0.0', drainTimeout: 5_000, stopTimeout: 30_000 }
    const [made, actions] = initialTransition(versionMachine, input)
    expect(made.value).toBe('provisioned')
    expect(made.context).toEqual({ ...input, host: 'expected', capability: null, lastError: null })
    expect(actions).toEqual([])
  })

  it('Told to stop, it drains first', () => {
    const [next] = transition(versionMachine, stateOf('running', 'expected'), { type: 'stop' })
    expect(next.value).toEqual({ stopping: 'draining' })
  })

  it('It drains for drainTimeout, and waits for its host for stopTimeout', () => {
    const delays = (state: State, event: VersionEvent) =>
      transition(versionMachine, stateOf(state, 'expected'), event)[1]
        .filter(({ type }) => type === 'xstate.raise')
        .map(({ params }) => (params as { readonly delay?: number }).delay)
    expect(delays('running', { type: 'stop' })).toEqual([5_000])
    expect(delays('draining', { type: 'drained' })).toEqual([30_000])
  })

  it('Stopped is the end', () => {
    const [stopped] = transition(versionMachine, stateOf('terminating', 'expected'), {
      type: 'host.stopped',
      error: null,
    })
    expect(stopped.value).toBe('stopped')
    for (const event of Object.values(EVENTS)) {
      const [next, actions] = transition(versionMachine, stopped, event)
      expect([next.value, next.context, actions]).toEqual(['stopped', stopped.context, []])
    }
  })

  const old = { hardware: 'old', rak: null, attestation: null }
  const fresh = { hardware: 'fresh', rak: '01', attestation: '02' }

  it.each([
    ['starting', 'host.started'],
    ['running', 'host.started'],
    ['running', 'host.updated'],
  ] as const)('While %s, it keeps what the host says of its environment with %s', (state, type) => {
    const before = stateOf(state, 'expected', { capability: old })
    expect(transition(versionMachine, before, { type, capability: fresh })[0].context.capability).toEqual(fresh)
    expect(transition(versionMachine, before, { type, capability: null })[0].context.capability).toBeNull()
  })

  it.each([false, true])('It keeps why the last start failed, until it runs; given up: %s', isFinal => {
    const [failed] = transition(versionMachine, stateOf('starting', 'expected'), {
      type: 'host.failedToStart',
      error: FAILURE,
      isFinal,
    })
    expect(failed.context.lastError).toEqual(FAILURE)
    const [running] = transition(versionMachine, failed, { type: 'host.started', capability: null })
    expect(running.context.lastError).toBeNull()
  })

  it.each(['running', 'starting', 'gaveUp', 'draining'] as const)('It keeps why it died while %s', state => {
    const earlier = { ...FAILURE, message: 'earlier' }
    const known = { lastError: state === 'running' ? null : earlier }
    const lastErrorAfter = (event: VersionEvent) =>
      transition(versionMachine, stateOf(state, 'expected', known), event)[0].context.lastError
    expect(lastErrorAfter({ type: 'host.stopped', error: FAILURE })).toEqual(FAILURE)
    expect(lastErrorAfter({ type: 'host.stopped', error: null })).toEqual(known.lastError)
    // The end of a stream says less than an earlier failure.
    expect(lastErrorAfter({ type: 'host.ended', error: FAILURE })).toEqual(known.lastError ?? FAILURE)
  })

  it.each(['draining', 'terminating'] as const)('It forgets its failure when its host comes up while %s', state => {
    const failed = stateOf(state, 'stopped', { lastError: FAILURE })
    const [up] = transition(versionMachine, failed, { type: 'host.started', capability: null })
    expect(up.context.lastError).toBeNull()
  })
})
