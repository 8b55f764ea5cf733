import { describe, expect, it } from 'vitest'
import type { CallObserver } from '../../src/calls/callObserver.js'
import { CallsInFlight } from '../../src/calls/callsInFlight.js'
import { Dispatcher, type DispatcherOptions } from '../../src/calls/dispatcher.js'
import { MirroredCalls, MirroredCounts } from '../../src/calls/mirroredCalls.js'
import type { Outcome } from '../../src/calls/outcome.js'
import type { Backend } from '../../src/calls/route.js'
import { turns } from '../fixtures/turns.js'

const oops = new Error('oops')

/** A dispatcher and two versions, with what each was sent, what is logged, and which were lost. */
function dispatching(options: Partial<DispatcherOptions<string>> = {}) {
  const logs: unknown[] = []
  const log = (...line: unknown[]) => void logs.push(line)
  const logger = { debug() {}, info() {}, warn: log, error: log }
  const sent: (readonly [string, string, unknown])[] = []
  const lost: string[] = []
  /** The versions that take no call, or whose endpoint throws. */
  const state = { down: '', broken: '', gone: '' }
  const backendOf = (version: string): Backend<string, string> => ({
    version,
    endpoint: {
      get callee() {
        if (state.broken === version) throw oops
        if (state.down === version) return null
        return {
          call: async (request: string, given: unknown) => {
            sent.push([version, request, given])
            return version
          },
        }
      },
    },
    calls: new CallsInFlight(),
    mirrored: new MirroredCalls(version, new MirroredCounts(), logger),
  })
  const dispatcher = new Dispatcher<string, string>(
    { logger, propagate: undefined, ...options } as DispatcherOptions<string>,
    {
      has: ({ version }) => version !== state.gone,
      lose: ({ version }) => lost.push(version),
      receive: async request => `again ${request}`,
    },
  )
  return { dispatcher, one: backendOf('1.0.0'), two: backendOf('2.0.0'), sent, logs, lost, state }
}

/** An observer of routes and calls; with `perCall`, each call has an observer of its own. */
function observing(perCall = false) {
  const routed: unknown[] = []
  const settled: unknown[] = []
  const observer: CallObserver = {
    routed: (version, chance) => {
      routed.push([version, chance])
      return {
        settled: () => settled.push(version),
        ...(perCall ? { sent: options => ({ settled: () => settled.push([version, options]) }) } : {}),
      }
    },
  }
  return { observer, routed, settled }
}

describe('The destination of calls', () => {
  it.each([
    ['without an observer', null, {}, true, false],
    ['with an observer', observing().observer, {}, true, true],
    ['with an observer of each call', observing(true).observer, {}, false, false],
    ['with outcomes', observing().observer, { durations: true }, false, false],
  ])('shares one record, or none, among all calls: %s', (_, observer, outcomes, isShared, hasRecord) => {
    const all = { isFailure: undefined, durations: false, isFailureThrew() {}, ...outcomes }
    const { dispatcher, one } = dispatching({ outcomes: all })
    dispatcher.observer = observer
    const to = dispatcher.destination(one, 'active', null, 1)
    expect([to.isShared, to.record !== null, to.mirror]).toEqual([isShared, hasRecord, null])
  })

  it('is shown to the observer with its chance, unless that is 0', async () => {
    const { dispatcher, one, two } = dispatching()
    const { observer, routed, settled } = observing()
    dispatcher.observer = observer
    const to = dispatcher.destination(one, 'active', two, 0.25)
    const unseen = dispatcher.destination(two, 'next', one, 0)
    expect([routed, to.mirror, unseen.observer]).toEqual([[['1.0.0', 0.25]], null, null])
    for (const destination of [to, unseen]) await dispatcher.send(destination, 'a', undefined)
    expect(settled).toEqual(['1.0.0'])
  })

  it('has an observer for each call, if the observer of the route wants that', async () => {
    const { dispatcher, one } = dispatching()
    const { observer, settled } = observing(true)
    dispatcher.observer = observer
    const options = { key: 'a' }
    await dispatcher.send(dispatcher.destination(one, 'active', null, 1), 'a', options)
    expect(settled).toEqual([['1.0.0', options]])
  })
})

describe('A call', () => {
  it('takes its options for the aggregate along, if nobody reads these', async () => {
    const { dispatcher, one, sent } = dispatching()
    const versions: string[] = []
    const options = { version: '1.0.0', onVersion: (version: string) => void versions.push(version) }
    await dispatcher.send(dispatcher.destination(one, 'active', null, 1), 'a', options)
    expect(sent[0]?.[2]).toBe(options)
    expect(versions).toEqual([])
  })

  it('goes without them if an aggregate reads them, and tells onVersion', async () => {
    const { dispatcher, one, sent, logs } = dispatching({ pins: {} as never })
    const versions: string[] = []
    const onVersion = (version: string) => void versions.push(version)
    const to = dispatcher.destination(one, 'active', null, 1)
    const plain = { key: 'a' }
    for (const options of [undefined, plain, { ...plain, onVersion }, { ...plain, version: '1.0.0' }])
      await dispatcher.send(to, 'a', options)
    expect(sent.map(([, , options]) => options)).toEqual([undefined, plain, plain, plain])
    expect(sent[1]?.[2]).toBe(plain)
    expect([versions, logs]).toEqual([['1.0.0'], []])
  })

  it('stands if its onVersion throws, which is logged', async () => {
    const { dispatcher, one, logs } = dispatching({ pins: {} as never })
    const onVersion = () => {
      throw oops
    }
    const answer = dispatcher.send(dispatcher.destination(one, 'active', null, 1), 'a', { onVersion })
    expect(await answer).toBe('1.0.0')
    expect(logs).toEqual([[{ version: '1.0.0', err: oops }, 'the onVersion of a call threw']])
  })

  it('that is pinned has a record of its own only if outcomes are asked for', async () => {
    const outcomes = { isFailure: () => true, durations: false, isFailureThrew() {} }
    for (const [options, failures] of [
      [{}, 0],
      [{ outcomes }, 1],
    ] as const) {
      const { dispatcher, one } = dispatching(options)
      await dispatcher.sendPinned(one, 'a', undefined)
      expect(one.calls.pinned.failures.size).toBe(failures)
    }
  })
})

describe('A mirrored call', () => {
  const propagate = () => true

  it.each([
    ['active', { active: '1.0.0', next: '2.0.0' }],
    ['next', { active: '2.0.0', next: '1.0.0' }],
  ] as const)('has both outcomes, each in its role, when the call goes to the %s version', async (role, expected) => {
    const heard: { readonly active: Outcome; readonly next: Outcome }[] = []
    const { dispatcher, one, two, sent } = dispatching({ propagate, onMirrored: outcomes => heard.push(outcomes) })
    await dispatcher.send(dispatcher.destination(one, role, two, 1), 'a', { key: 'k' })
    await turns(2)
    expect(sent).toEqual([
      ['1.0.0', 'a', { key: 'k' }],
      ['2.0.0', 'a', { key: 'k' }],
    ])
    expect(heard).toMatchObject([{ active: { version: expected.active }, next: { version: expected.next } }])
  })

  it('counts its outcome in the counts of mirrored calls alone', async () => {
    const { dispatcher, one, two } = dispatching({ propagate })
    await dispatcher.send(dispatcher.destination(one, 'active', two, 1), 'a', undefined)
    await turns(1)
    expect([one.calls.counts.answered, two.calls.counts.answered, two.mirrored?.counts.answered]).toEqual([1, 0, 1])
  })

  it('goes to no version that is down, or that has left meanwhile', async () => {
    const { dispatcher, one, two, sent, lost, state } = dispatching({ propagate })
    const to = dispatcher.destination(one, 'active', two, 1)
    state.down = '2.0.0'
    await dispatcher.send(to, 'a', undefined)
    expect([lost, sent.length]).toEqual([['2.0.0'], 1])
    state.gone = '2.0.0'
    await dispatcher.send(to, 'a', undefined)
    expect([lost, sent.length]).toEqual([['2.0.0'], 2])
  })

  it('that cannot be sent is logged, and the answer of the call stands', async () => {
    const { dispatcher, one, two, logs, state } = dispatching({ propagate })
    const to = dispatcher.destination(one, 'active', two, 1)
    state.broken = '2.0.0'
    expect(await dispatcher.send(to, 'a', undefined)).toBe('1.0.0')
    expect(logs).toEqual([[{ version: '2.0.0', err: oops }, 'a call propagated to another version failed']])
  })
})
