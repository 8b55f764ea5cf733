/**
 * Life of one version, from provisioned to stopped.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | provisioned | start |  | starting |
 * | provisioned | stop |  | stopped |
 * | starting | host.started |  | running |
 * | starting | host.failedToStart |  |  |
 * | starting | host.stopped |  |  |
 * | starting | host.ended | saidStopped |  |
 * | starting | host.ended |  |  |
 * | starting | stop |  | stopping |
 * | running | host.started |  |  |
 * | running | host.updated |  |  |
 * | running | host.stopped |  | starting |
 * | running | host.ended |  | starting |
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
 * | provisioned | Made, not started. |
 * | starting | The host is asked to come up, or comes back by itself after it died or restarted. |
 * | running | The host is up and answers calls. |
 * | stopping | The version leaves the aggregate. |
 * | stopping.draining | No new call arrives; calls in flight may finish. |
 * | stopping.terminating | Calls still in flight are rejected and the host is asked to stop. |
 * | stopped | Gone for good: to use the version again, add it again. |
 */
import { assign, sendParent, setup } from 'xstate'
import { declareEffects, type EffectAction, type EffectOf, effect } from './effects.js'

/** What a host last said of its trusted execution environment; bytes as hexadecimal text. */
export interface CapabilityFacts {
  /** Which kind of environment it is, such as `intel-sgx`. */
  readonly hardware: string
  /** The runtime attestation key. */
  readonly rak: string | null
  /** The proof that the key belongs to the environment. */
  readonly attestation: string | null
}

/** An error as plain data. */
export interface ErrorFacts {
  /** Its class. */
  readonly name: string
  /** What it says. */
  readonly message: string
  /** Its code, if it is one of this library. */
  readonly code: string | null
}

/** What a version is made with. */
export interface VersionInput {
  /** Canonical SemVer. */
  readonly version: string
  /** How long calls in flight may take to finish once the version leaves, in ms; 0 cuts them off at once. */
  readonly drainTimeout: number
  /** How long the host may take to report that it stopped, in ms. */
  readonly stopTimeout: number
}

/** Everything that the version machine remembers, as plain JSON. */
export interface VersionContext extends VersionInput {
  /**
   * What the host last said of its end. `expected`: nothing, or that it came up since; `stopped`: that it stopped;
   * `ended`: its stream of events is over, and nothing more will be heard from it.
   */
  readonly host: 'expected' | 'stopped' | 'ended'
  /** What its host last said of its environment. */
  readonly capability: CapabilityFacts | null
  /** The last failed start since it ran last. */
  readonly lastError: ErrorFacts | null
}

/** What the version machine is told: by the aggregate, by its host, and by the calls in flight. */
export type VersionEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'drained' }
  | { readonly type: 'host.started'; readonly capability: CapabilityFacts | null }
  | { readonly type: 'host.failedToStart'; readonly error: ErrorFacts }
  | { readonly type: 'host.stopped' }
  | { readonly type: 'host.updated'; readonly capability: CapabilityFacts | null }
  | { readonly type: 'host.ended' }

/** What a version tells the aggregate about itself. */
export type VersionReport =
  | { readonly type: 'version.running'; readonly version: string }
  | { readonly type: 'version.lost'; readonly version: string }
  | { readonly type: 'version.stopped'; readonly version: string }

/** The effects of the version machine. */
export const versionEffects = declareEffects({
  /** Watch the host's events, then start it. */
  startHost: effect(),
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

/** A host whose stream ends counts as stopped; if it said so itself, nobody says it again. */
const SAID_ONCE = [
  { guard: 'saidStopped', actions: 'hostHasEnded' },
  { actions: ['hostHasEnded', 'emitStopped'] },
] as const

/** Whether the event says only what the machine remembers: it changes nothing, whatever the state. */
export function isRepeated({ capability }: Pick<VersionContext, 'capability'>, event: VersionEvent): boolean {
  if (event.type !== 'host.updated') return false
  const { capability: its } = event
  if (capability === null || its === null) return capability === its
  return (
    capability.hardware === its.hardware && capability.rak === its.rak && capability.attestation === its.attestation
  )
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
    reportLost: report,
    reportStopped: report,
    hostIsUp: assign({ host: 'expected' }),
    hostIsDown: assign({ host: 'stopped' }),
    hostHasEnded: assign({ host: 'ended' }),
  },
  guards: {
    noTimeToDrain: ({ context }) => context.drainTimeout === 0,
    saidStopped: ({ context }) => context.host === 'stopped',
    hostIsGone: ({ context }) => context.host === 'ended',
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
      description: 'Made, not started.',
      on: { start: { target: 'starting', actions: 'startHost' }, stop: 'stopped' },
    },
    starting: {
      description: 'The host is asked to come up, or comes back by itself after it died or restarted.',
      on: {
        'host.started': {
          target: 'running',
          actions: [
            assign({ capability: ({ event }) => event.capability, lastError: null }),
            'hostIsUp',
            'reportRunning',
          ],
        },
        'host.failedToStart': { actions: assign({ lastError: ({ event }) => event.error }) },
        'host.stopped': { actions: 'hostIsDown' },
        'host.ended': SAID_ONCE,
        stop: 'stopping',
      },
    },
    running: {
      description: 'The host is up and answers calls.',
      on: {
        'host.started': { actions: assign({ capability: ({ event }) => event.capability }) },
        'host.updated': { actions: assign({ capability: ({ event }) => event.capability }) },
        'host.stopped': { target: 'starting', actions: ['hostIsDown', 'reportLost'] },
        'host.ended': { target: 'starting', actions: ['hostHasEnded', 'emitStopped', 'reportLost'] },
        stop: 'stopping',
      },
    },
    stopping: {
      description: 'The version leaves the aggregate.',
      initial: 'draining',
      states: {
        draining: {
          description: 'No new call arrives; calls in flight may finish.',
          entry: 'awaitDrain',
          always: { guard: 'noTimeToDrain', target: 'terminating' },
          on: {
            drained: 'terminating',
            'host.started': { actions: 'hostIsUp' },
            'host.stopped': { actions: 'hostIsDown' },
            'host.ended': SAID_ONCE,
          },
          after: { drainTimeout: 'terminating' },
        },
        terminating: {
          description: 'Calls still in flight are rejected and the host is asked to stop.',
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
      description: 'Gone for good: to use the version again, add it again.',
      entry: ['releaseHost', 'reportStopped'],
    },
  },
})

/** The {@link versionMachine} as a child of the aggregate machine, to which it reports. */
export const reportingVersionMachine = versionMachine.provide({
  actions: {
    reportRunning: reportToParent('version.running'),
    reportLost: reportToParent('version.lost'),
    reportStopped: reportToParent('version.stopped'),
  },
})
