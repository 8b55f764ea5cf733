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

/** The capability that a host last reported, as plain data; bytes as hexadecimal text. */
export interface CapabilityFacts {
  /** The kind of environment, such as `intel-sgx`. */
  readonly hardware: string
  /** The runtime attestation key. */
  readonly rak: string | null
  /** The proof that the key belongs to the environment. */
  readonly attestation: string | null
}

/** An error as plain data. */
export interface ErrorFacts {
  /** The name of its class. */
  readonly name: string
  /** Its message. */
  readonly message: string
  /** Its code, if this library made it. */
  readonly code: string | null
}

/** The input of the version machine. */
export interface VersionInput {
  /** Canonical SemVer. */
  readonly version: string
  /** How long calls in flight may take to finish once the version leaves, in ms; 0 cuts them off at once. */
  readonly drainTimeout: number
  /** How long the host may take to report that it stopped, in ms. */
  readonly stopTimeout: number
}

/** The context of the version machine, as plain JSON. */
export interface VersionContext extends VersionInput {
  /**
   * The last report of the host about its end. `expected`: nothing, or it has started since; `stopped`: it has stopped;
   * `ended`: its stream of events is over, and no further event will come.
   */
  readonly host: 'expected' | 'stopped' | 'ended'
  /** The capability that its host last reported. */
  readonly capability: CapabilityFacts | null
  /** The last failure since it last ran: a failed start, its death, or the end of its host's event stream. */
  readonly lastError: ErrorFacts | null
}

/** The events of the version machine, sent by the aggregate, by the host and by the calls in flight. */
export type VersionEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'drained' }
  | { readonly type: 'host.started'; readonly capability: CapabilityFacts | null }
  /** `isFinal`: the host does not try again by itself. */
  | { readonly type: 'host.failedToStart'; readonly error: ErrorFacts; readonly isFinal: boolean }
  /** `error`: why it died; null for a planned stop. */
  | { readonly type: 'host.stopped'; readonly error: ErrorFacts | null }
  | { readonly type: 'host.updated'; readonly capability: CapabilityFacts | null }
  | { readonly type: 'host.ended'; readonly error: ErrorFacts }
  /** It took no call any more, and has not said why yet: it is on its way down, or restarts. */
  | { readonly type: 'host.refused' }

/** The events that a version sends to its aggregate. */
export type VersionReport =
  | { readonly type: 'version.running'; readonly version: string }
  /** It is not running, and has failed once more. */
  | { readonly type: 'version.failed'; readonly version: string }
  | { readonly type: 'version.lost'; readonly version: string }
  | { readonly type: 'version.stopped'; readonly version: string }

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

/** Whether the event repeats what the context holds, so that it changes nothing in any state. */
export function isRepeated({ capability }: Pick<VersionContext, 'capability'>, event: VersionEvent): boolean {
  if (event.type !== 'host.updated') return false
  const { capability: its } = event
  if (capability === null || its === null) return capability === its
  return (
    capability.hardware === its.hardware && capability.rak === its.rak && capability.attestation === its.attestation
  )
}

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
