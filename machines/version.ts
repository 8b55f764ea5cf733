/**
 * Life of one version, from provisioned to stopped.
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
 * | provisioned | Made, not started. |
 * | starting | The host is asked to come up, or comes back by itself after it died or restarted. Calls wait. |
 * | gaveUp | The host does not try to come up any more: calls are rejected, until it says that it is up after all. |
 * | running | The host is up and answers calls. |
 * | stopping | The version leaves the aggregate. |
 * | stopping.draining | No new call arrives; calls in flight may finish. |
 * | stopping.terminating | Calls still in flight are rejected and the host is asked to stop. |
 * | stopped | Gone for good: to use the version again, add it again. |
 */
import { type AnyActorRef, assign, sendTo, setup } from 'xstate'
import { notProvided } from './notProvided.js'

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
  /** `isFinal`: the host does not try again by itself. */
  | { readonly type: 'host.failedToStart'; readonly error: ErrorFacts; readonly isFinal: boolean }
  | { readonly type: 'host.stopped' }
  | { readonly type: 'host.updated'; readonly capability: CapabilityFacts | null }
  | { readonly type: 'host.ended' }
  /** It took no call any more, and has not said why yet: it is on its way down, or restarts. */
  | { readonly type: 'host.refused' }

/** What a version tells the aggregate about itself. */
export type VersionReport =
  | { readonly type: 'version.running'; readonly version: string }
  | { readonly type: 'version.lost'; readonly version: string }
  | { readonly type: 'version.stopped'; readonly version: string }

/** Tells the aggregate; a version on its own, as when its graph is explored, tells itself, which it ignores. */
function report(type: VersionReport['type']) {
  return sendTo(
    ({ self }: { readonly self: AnyActorRef }) => self._parent ?? self,
    ({ context }: { readonly context: VersionContext }): VersionReport => ({ type, version: context.version }),
  )
}

/** A host whose stream ends counts as stopped; if it said so itself, nobody says it again. */
const SAID_ONCE = [
  { guard: 'saidStopped', actions: 'hostHasEnded' },
  { actions: ['hostHasEnded', 'sayStopped'] },
] as const

/** A host that did not run is up. */
const COMES_UP = { target: 'running', actions: ['keepCapability', 'forgetError', 'hostIsUp', 'reportRunning'] } as const

/** Whether the event says only what the machine remembers: it changes nothing, whatever the state. */
export function isRepeated({ capability }: Pick<VersionContext, 'capability'>, event: VersionEvent): boolean {
  if (event.type !== 'host.updated') return false
  const { capability: its } = event
  if (capability === null || its === null) return capability === its
  return (
    capability.hardware === its.hardware && capability.rak === its.rak && capability.attestation === its.attestation
  )
}

/** The statechart of one version. Its actions are yours to provide. */
export const versionMachine = setup({
  types: {
    context: {} as VersionContext,
    events: {} as VersionEvent,
    input: {} as VersionInput,
  },
  actions: {
    /** Watch the host's events, then start it. */
    startHost: notProvided('startHost'),
    /** Send `drained` as soon as no call is in flight on this version. */
    awaitDrain: notProvided('awaitDrain'),
    /** Reject the calls that are still in flight. */
    rejectCalls: notProvided('rejectCalls'),
    stopHost: notProvided('stopHost'),
    /** The host never said that it stopped: log it. */
    giveUpHost: notProvided('giveUpHost'),
    /** Say `stopped` in the host's place. */
    sayStopped: notProvided('sayStopped'),
    reportRunning: report('version.running'),
    reportLost: report('version.lost'),
    reportStopped: report('version.stopped'),
    keepCapability: assign(({ event }) => ('capability' in event ? { capability: event.capability } : {})),
    keepError: assign(({ event }) => ('error' in event ? { lastError: event.error } : {})),
    forgetError: assign({ lastError: null }),
    hostIsUp: assign({ host: 'expected' }),
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
      description: 'Made, not started.',
      on: { start: { target: 'starting', actions: 'startHost' }, stop: 'stopped' },
    },
    starting: {
      description: 'The host is asked to come up, or comes back by itself after it died or restarted. Calls wait.',
      on: {
        'host.started': COMES_UP,
        'host.failedToStart': [{ guard: 'isFinal', target: 'gaveUp', actions: 'keepError' }, { actions: 'keepError' }],
        'host.stopped': { actions: 'hostIsDown' },
        'host.ended': SAID_ONCE,
        stop: 'stopping',
      },
    },
    gaveUp: {
      description:
        'The host does not try to come up any more: calls are rejected, until it says that it is up after all.',
      on: {
        'host.started': COMES_UP,
        'host.failedToStart': [
          { guard: 'isFinal', actions: 'keepError' },
          { target: 'starting', actions: 'keepError' },
        ],
        'host.stopped': { actions: 'hostIsDown' },
        'host.ended': SAID_ONCE,
        stop: 'stopping',
      },
    },
    running: {
      description: 'The host is up and answers calls.',
      on: {
        'host.started': { actions: 'keepCapability' },
        'host.updated': { actions: 'keepCapability' },
        'host.stopped': { target: 'starting', actions: ['hostIsDown', 'reportLost'] },
        'host.ended': { target: 'starting', actions: ['hostHasEnded', 'sayStopped', 'reportLost'] },
        'host.refused': { target: 'starting', actions: 'reportLost' },
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
              { target: '#version.stopped', actions: 'sayStopped' },
            ],
          },
          after: { stopTimeout: { target: '#version.stopped', actions: ['giveUpHost', 'sayStopped'] } },
        },
      },
    },
    stopped: {
      description: 'Gone for good: to use the version again, add it again.',
      type: 'final',
      entry: 'reportStopped',
    },
  },
})
