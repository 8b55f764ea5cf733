/**
 * The life of one version, from provisioned to stopped.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | provisioned | start |  | starting |
 * | provisioned | stop |  | stopped |
 * | starting | host.started |  | running |
 * | starting | host.failedToStart | isFinal | gaveUp |
 * | starting | host.failedToStart |  |  |
 * | starting | host.stopped |  |  |
 * | starting | host.ended | saidStopped |  |
 * | starting | host.ended |  |  |
 * | starting | stop |  | stopping |
 * | gaveUp | host.started |  | running |
 * | gaveUp | host.failedToStart | isFinal |  |
 * | gaveUp | host.failedToStart |  | starting |
 * | gaveUp | host.stopped |  |  |
 * | gaveUp | host.ended | saidStopped |  |
 * | gaveUp | host.ended |  |  |
 * | gaveUp | stop |  | stopping |
 * | running | host.started |  |  |
 * | running | host.updated |  |  |
 * | running | host.stopped |  | starting |
 * | running | host.ended |  | starting |
 * | running | host.refused |  | starting |
 * | running | stop |  | stopping |
 * | stopping.draining |  | noTimeToDrain | stopping.terminating |
 * | stopping.draining | drained |  | stopping.terminating |
 * | stopping.draining | host.started |  |  |
 * | stopping.draining | host.stopped |  |  |
 * | stopping.draining | host.ended | saidStopped |  |
 * | stopping.draining | host.ended |  |  |
 * | stopping.draining | after drainTimeout |  | stopping.terminating |
 * | stopping.terminating |  | hostIsGone | stopped |
 * | stopping.terminating | host.started |  |  |
 * | stopping.terminating | host.stopped |  | stopped |
 * | stopping.terminating | host.ended | saidStopped | stopped |
 * | stopping.terminating | host.ended |  | stopped |
 * | stopping.terminating | after stopTimeout |  | stopped |
 *
 * | state | meaning |
 * |---|---|
 * | provisioned | The runtime exists, and has not been started. |
 * | starting | The host is starting, or coming back by itself after it died or restarted. Calls wait. |
 * | gaveUp | The host does not try to start any more. Calls are rejected, until it has started after all. |
 * | running | The host is up and answers calls. |
 * | stopping | The version leaves the aggregate. |
 * | stopping.draining | No new call is sent; calls in flight may finish. |
 * | stopping.terminating | Calls still in flight have been rejected, and the host has been asked to stop. |
 * | stopped | Stopped for good. To use the version again, add it again. |
 */
import { assign, sendParent, setup } from 'xstate'
import { declareEffects, type EffectAction, type EffectOf, effect } from './effects.js'
import type { ErrorFacts, VersionContext, VersionEvent, VersionInput, VersionReport } from './versionContext.js'

/** The effects of the version machine. */
export const versionEffects = declareEffects({
  /** Watch the host's events, then start it. */
  startHost: effect(),
  /** Log that the version is running. */
  logRunning: effect(),
  /** Send `drained` as soon as no call is in flight on this version. */
  awaitDrain: effect(),
  /** Reject the calls that are still in flight. */
  rejectCalls: effect(),
  /** Ask the host to stop. */
  stopHost: effect(),
  /** Log that the host never said that it stopped. */
  giveUpHost: effect(),
  /** Emit `stopped` in the host's place. */
  emitStopped: effect(),
  /** The version has left: stop listening to its host, and let go of it. */
  releaseHost: effect(),
})

/** An effect of the version machine. */
export type VersionEffect = EffectOf<typeof versionEffects>

/** Reports to the aggregate. A version without one, as in tests of its state graph, reports to nobody. */
const report: EffectAction<undefined> = () => {}
const reportToParent = (type: VersionReport['type']) =>
  sendParent<VersionContext, VersionEvent, undefined, VersionReport, VersionEvent>(({ context }) => ({
    type,
    version: context.version,
  }))

/** A version that was not running has failed once more. */
const FAILS_AGAIN = ['keepError', 'reportFailed'] as const

/** A host whose stream ends counts as stopped. If it has said so itself, no second `stopped` is emitted. */
const ENDS = [
  { guard: 'saidStopped', actions: ['hostHasEnded', 'keepFirstError', 'reportFailed'] },
  { actions: ['hostHasEnded', 'keepFirstError', 'emitStopped', 'reportFailed'] },
] as const

/** A host that was not running has started. */
const COMES_UP = { target: 'running', actions: ['keepCapability', 'hostIsUp', 'logRunning', 'reportRunning'] } as const

function errorIn(event: VersionEvent): ErrorFacts | null {
  return 'error' in event ? event.error : null
}

/** The statechart of one version. Its owner provides its effects. */
export const versionMachine = setup({
  types: {
    context: {} as VersionContext,
    events: {} as VersionEvent,
    input: {} as VersionInput,
  },
  actions: {
    ...versionEffects,
    reportRunning: report,
    reportFailed: report,
    reportLost: report,
    reportStopped: report,
    keepCapability: assign(({ event }) => ('capability' in event ? { capability: event.capability } : {})),
    keepError: assign(({ context, event }) => ({ lastError: errorIn(event) ?? context.lastError })),
    // The end of a stream says less than an earlier failure.
    keepFirstError: assign(({ context, event }) => ({ lastError: context.lastError ?? errorIn(event) })),
    hostIsUp: assign({ host: 'expected', lastError: null }),
    hostIsDown: assign({ host: 'stopped' }),
    hostHasEnded: assign({ host: 'ended' }),
  },
  guards: {
    noTimeToDrain: ({ context }) => context.drainTimeout === 0,
    saidStopped: ({ context }) => context.host === 'stopped',
    hostIsGone: ({ context }) => context.host === 'ended',
    isFinal: ({ event }) => event.type === 'host.failedToStart' && event.isFinal,
  },
  delays: {
    drainTimeout: ({ context }) => context.drainTimeout,
    stopTimeout: ({ context }) => context.stopTimeout,
  },
}).createMachine({
  id: 'version',
  context: ({ input }) => ({ ...input, host: 'expected', capability: null, lastError: null }),
  initial: 'provisioned',
  states: {
    provisioned: {
      description: 'The runtime exists, and has not been started.',
      on: { start: { target: 'starting', actions: 'startHost' }, stop: 'stopped' },
    },
    starting: {
      description: 'The host is starting, or coming back by itself after it died or restarted. Calls wait.',
      on: {
        'host.started': COMES_UP,
        'host.failedToStart': [{ guard: 'isFinal', target: 'gaveUp', actions: FAILS_AGAIN }, { actions: FAILS_AGAIN }],
        'host.stopped': { actions: ['hostIsDown', ...FAILS_AGAIN] },
        'host.ended': ENDS,
        stop: 'stopping',
      },
    },
    gaveUp: {
      description: 'The host does not try to start any more. Calls are rejected, until it has started after all.',
      on: {
        'host.started': COMES_UP,
        'host.failedToStart': [
          { guard: 'isFinal', actions: FAILS_AGAIN },
          { target: 'starting', actions: FAILS_AGAIN },
        ],
        'host.stopped': { actions: ['hostIsDown', ...FAILS_AGAIN] },
        'host.ended': ENDS,
        stop: 'stopping',
      },
    },
    running: {
      description: 'The host is up and answers calls.',
      on: {
        'host.started': { actions: 'keepCapability' },
        'host.updated': { actions: 'keepCapability' },
        'host.stopped': { target: 'starting', actions: ['hostIsDown', 'keepError', 'reportLost'] },
        'host.ended': { target: 'starting', actions: ['hostHasEnded', 'keepError', 'emitStopped', 'reportLost'] },
        'host.refused': { target: 'starting', actions: 'reportLost' },
        stop: 'stopping',
      },
    },
    stopping: {
      description: 'The version leaves the aggregate.',
      initial: 'draining',
      states: {
        draining: {
          description: 'No new call is sent; calls in flight may finish.',
          entry: 'awaitDrain',
          always: { guard: 'noTimeToDrain', target: 'terminating' },
          on: {
            drained: 'terminating',
            'host.started': { actions: 'hostIsUp' },
            'host.stopped': { actions: ['hostIsDown', 'keepError'] },
            'host.ended': ENDS,
          },
          after: { drainTimeout: 'terminating' },
        },
        terminating: {
          description: 'Calls still in flight have been rejected, and the host has been asked to stop.',
          entry: ['rejectCalls', 'stopHost'],
          always: { guard: 'hostIsGone', target: '#version.stopped' },
          on: {
            'host.started': { actions: 'hostIsUp' },
            'host.stopped': '#version.stopped',
            'host.ended': [
              { guard: 'saidStopped', target: '#version.stopped' },
              { target: '#version.stopped', actions: 'emitStopped' },
            ],
          },
          after: { stopTimeout: { target: '#version.stopped', actions: ['giveUpHost', 'emitStopped'] } },
        },
      },
    },
    stopped: {
      // Not of type final: XState would send the aggregate an event named after the version, and remember that name for good.
      description: 'Stopped for good. To use the version again, add it again.',
      entry: ['releaseHost', 'reportStopped'],
    },
  },
})

/** The {@link versionMachine} as a child of the aggregate machine, to which it reports. */
export const reportingVersionMachine = versionMachine.provide({
  actions: {
    reportRunning: reportToParent('version.running'),
    reportFailed: reportToParent('version.failed'),
    reportLost: reportToParent('version.lost'),
    reportStopped: reportToParent('version.stopped'),
  },
})
