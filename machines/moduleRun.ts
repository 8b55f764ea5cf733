/**
 * One run of a runtime module, from loading it to stopping it. Every host and every guest runs its modules this way.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | idle | start |  | loading |
 * | idle | stop |  | ended |
 * | loading | loaded |  | starting |
 * | loading | failed |  | failed |
 * | loading | stop |  | cancelling |
 * | starting | started |  | up |
 * | starting | failed |  | failed |
 * | starting | stop |  | cancelling |
 * | up | stop |  | stopping |
 * | failed | stop |  | ended |
 * | cancelling | loaded |  | ended |
 * | cancelling | started |  | stopping |
 * | cancelling | failed |  | ended |
 * | stopping | stopped |  | ended |
 *
 * | state | meaning |
 * |---|---|
 * | idle | The run has not begun. |
 * | loading | The module is being loaded. |
 * | starting | The module's start is pending. |
 * | up | The module answers calls. |
 * | failed | The module did not come up. There is nothing to stop. |
 * | cancelling | The run is to end; its load or its start is still pending. |
 * | stopping | The module's stop is pending. |
 * | ended | The run is over. |
 */
import { setup } from 'xstate'
import { declareEffects, type EffectOf, effect } from './effects.js'

/** The events of the machine of a module run. */
export type ModuleRunEvent =
  /** Load the module and start it. */
  | { readonly type: 'start' }
  /** The module has loaded. */
  | { readonly type: 'loaded' }
  /** The module's `start` has finished. */
  | { readonly type: 'started' }
  /** The module did not load, or its `start` failed. */
  | { readonly type: 'failed'; readonly error: unknown }
  /** End the run. */
  | { readonly type: 'stop'; readonly reason: Error }
  /** The module's `stop` has finished or failed. */
  | { readonly type: 'stopped' }

/** The effects of the machine of a module run. */
export const moduleRunEffects = declareEffects({
  /** Load the module. */
  loadModule: effect(),
  /** Call the module's `start`. */
  startModule: effect(),
  /** Accept calls, and report that the module is up. */
  reportStarted: effect(),
  /** Report why the module did not come up. */
  reportFailed: effect<{ readonly error: unknown }>(),
  /** Report that the run was told to stop before the module's `start`. */
  reportCancelled: effect(),
  /** Fire the module's signal, and interrupt its calls. */
  interruptModule: effect<{ readonly reason: Error }>(),
  /** Call the module's `stop`. */
  stopModule: effect(),
  /** Report that the run is over. */
  reportEnded: effect(),
})

/** An effect of the machine of a module run. */
export type ModuleRunEffect = EffectOf<typeof moduleRunEffects>

type Args<Type extends ModuleRunEvent['type']> = { readonly event: ModuleRunEvent & { readonly type: Type } }

const reportFailed = {
  type: 'reportFailed',
  params: ({ event }: Args<'failed'>) => ({ error: event.error }),
} as const

const interruptModule = {
  type: 'interruptModule',
  params: ({ event }: Args<'stop'>) => ({ reason: event.reason }),
} as const

/** The statechart of one run of a module. */
export const moduleRunMachine = setup({
  types: { events: {} as ModuleRunEvent },
  actions: { ...moduleRunEffects },
}).createMachine({
  id: 'moduleRun',
  initial: 'idle',
  states: {
    idle: {
      description: 'The run has not begun.',
      on: { start: 'loading', stop: 'ended' },
    },
    loading: {
      description: 'The module is being loaded.',
      entry: 'loadModule',
      on: {
        loaded: 'starting',
        failed: { target: 'failed', actions: reportFailed },
        stop: { target: 'cancelling', actions: interruptModule },
      },
    },
    starting: {
      description: "The module's start is pending.",
      entry: 'startModule',
      on: {
        started: { target: 'up', actions: 'reportStarted' },
        failed: { target: 'failed', actions: reportFailed },
        stop: { target: 'cancelling', actions: interruptModule },
      },
    },
    up: {
      description: 'The module answers calls.',
      on: { stop: { target: 'stopping', actions: interruptModule } },
    },
    failed: {
      description: 'The module did not come up. There is nothing to stop.',
      on: { stop: { target: 'ended', actions: interruptModule } },
    },
    cancelling: {
      description: 'The run is to end; its load or its start is still pending.',
      on: {
        loaded: {
          target: 'ended',
          actions: 'reportCancelled',
          description: 'A module that loads too late is not started.',
        },
        started: {
          target: 'stopping',
          actions: 'reportStarted',
          description: 'A start that finishes too late is undone by a stop.',
        },
        failed: { target: 'ended', actions: reportFailed },
      },
    },
    stopping: {
      description: "The module's stop is pending.",
      entry: 'stopModule',
      on: { stopped: 'ended' },
    },
    ended: {
      description: 'The run is over.',
      type: 'final',
      entry: 'reportEnded',
    },
  },
})
