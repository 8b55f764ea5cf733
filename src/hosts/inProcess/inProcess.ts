import { duration, invalidOption, object, type RuntimeModule } from '../../contract/index.js'
import { moduleUrl } from '../../module/index.js'
import { HostRequests } from '../hostRequests.js'
import { checkConfig, isLocation, type ModuleSource, type Provisioner, type RuntimeConfig } from '../provisioner.js'
import { compileSupervised, type SupervisedOptions } from '../supervised/supervisedOptions.js'
import { SupervisedRuntime } from '../supervised/supervisedRuntime.js'
import { ModuleGuest, type ModuleLaunch } from './moduleGuest.js'
import { assertModuleSource, moduleLoader } from './moduleSource.js'

/** The options of {@link inProcess}. */
export interface InProcessOptions extends SupervisedOptions {
  /**
   * The module, for configs that name none: a module file (a URL, or a path relative to the working directory), the
   * module itself, or a function that makes one for a config each time the runtime starts.
   */
  readonly module?: ModuleSource | undefined
  /** How long the module's `stop` may take before it is given up, in ms. @default 30_000 */
  readonly stopTimeout?: number | undefined
}

/**
 * A provisioner of runtimes that run in this process: the quickest host, and the one that shares everything with you. A
 * module that blocks the event loop, or ends the process, takes you with it.
 *
 * `start()` loads the module and calls its `start`. Then the runtime emits `started`, and waiting calls go out in their
 * order. If loading or starting fails, it emits `failedToStart` and tries again after a backoff. Each runtime has its own
 * instance of the module file. A restart keeps the instance, unless the file has changed or threw while it was loaded.
 *
 * `stop()` rejects the calls in flight, fires their signals, calls the module's `stop` and emits `stopped`, once, even if
 * the module never started. `abort()` fires the signal of every call in flight and calls the module's `abort`. If that
 * fails or takes too long, and with `force`, the module is restarted: `stopped`, then `started`.
 *
 * Their calls reject with what the module throws; the signal's reason; CutoverError `CUTOVER_RUNTIME_LOST` (stopped or
 * restarted meanwhile), `CUTOVER_START_FAILED` (not up within `waitTimeout`), `CUTOVER_TOO_MANY_WAITING_CALLS`,
 * `CUTOVER_CALL_TIMEOUT` (not answered within `callTimeout`), `CUTOVER_ABORTED`.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`, `CUTOVER_INVALID_RUNTIME` (the module has no `call`); `provision`
 * also `CUTOVER_INVALID_VERSION`
 */
export function inProcess(options: InProcessOptions = {}): Provisioner {
  const { module, abortTimeout } = object('options', options)
  if (module !== undefined) assertModuleSource(module)
  const stopTimeout = duration('stopTimeout', options.stopTimeout, 30_000)
  const cancelTimeout = duration('abortTimeout', abortTimeout, 1_000)
  const compiled = compileSupervised(options, {
    watchdogInterval: Number.POSITIVE_INFINITY,
    watchdogTimeout: Number.POSITIVE_INFINITY,
    cancelTimeout,
    discardTimeout: cancelTimeout,
    shutdownTimeout: stopTimeout,
    killTimeout: stopTimeout,
  })
  return {
    name: 'in-process',
    provision<Req, Res>(given: RuntimeConfig) {
      const config = checkConfig(given)
      const source = config.module ?? module
      if (source === undefined) throw invalidOption('module', 'given, to inProcess() or in the config', source)
      assertModuleSource(source)
      const file = isLocation(source) ? moduleUrl(source) : undefined
      const load = moduleLoader(file ?? source, config)
      const requests = new HostRequests(config)
      let latest: ModuleGuest<Req, Res> | undefined
      return new SupervisedRuntime<Req, Res>(config, compiled, (reports, logger) => {
        const { id, version, localConfig = {} } = config
        const launch: ModuleLaunch<Req, Res> = {
          id,
          version,
          localConfig,
          answerHostCall: async (request, signal) => requests.answerCall(request, { signal }),
          logger,
          file,
          // The types of requests and answers cannot be checked here: the caller states them as type arguments.
          load: () => load(logger) as Promise<RuntimeModule<Req, Res>>,
          latest: () => latest,
        }
        latest = new ModuleGuest(launch, reports)
        return latest
      })
    },
  }
}
