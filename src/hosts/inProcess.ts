import { isLogger } from '../logger.js'
import { invalidOption, object, optionalFunction, text } from '../validate.js'
import { canonical } from '../version.js'
import { compileInProcess, type InProcessOptions } from './inProcessOptions.js'
import { ModuleRuntime } from './moduleRuntime.js'
import {
  assertModuleSource,
  loadModule,
  type ModuleSource,
  type Provisioner,
  type RuntimeConfig,
  type RuntimeModule,
} from './runtimeModule.js'

/**
 * A provisioner of runtimes that run in this process: the quickest host, and the one that shares everything with you. A
 * module that blocks the event loop, or ends the process, takes you with it.
 *
 * What its runtimes do, in order: `start()` loads the module and calls its `start`; when that is done they emit
 * `started`, and calls that have waited go out in their order. When it fails they emit `failedToStart` and try again
 * after a backoff. `stop()` rejects the calls in flight, fires their signals, calls the module's `stop` and emits
 * `stopped`, once, even if the module never started. `abort()` fires the signal of every call in flight and calls the
 * module's `abort`; if that fails or takes too long, and with `force`, the module is restarted: `stopped`, then
 * `started`.
 *
 * Their calls reject with what the module throws; the signal's reason; CutoverError `CUTOVER_RUNTIME_LOST` (stopped or
 * restarted meanwhile), `CUTOVER_START_FAILED` (not up within `waitTimeout`), `CUTOVER_TOO_MANY_WAITING_CALLS`.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`, `CUTOVER_INVALID_RUNTIME` (the module has no `call`); `provision`
 * also `CUTOVER_INVALID_VERSION`
 */
export function inProcess(options: InProcessOptions = {}): Provisioner {
  const compiled = compileInProcess(options)
  return {
    name: 'in-process',
    provision<Req, Res>(config: RuntimeConfig) {
      const source = checkConfig(config, compiled.module)
      const canonicalConfig = { ...config, version: canonical(config.version) }
      // What a module takes and gives cannot be checked here: the caller says so with the type arguments.
      const load = () => loadModule(source, canonicalConfig) as Promise<RuntimeModule<Req, Res>>
      return new ModuleRuntime(canonicalConfig, compiled, load)
    },
  }
}

/** Gives the module to run. */
function checkConfig(config: RuntimeConfig, fallback: ModuleSource | undefined): ModuleSource {
  const { id, version, localConfig, onHostRequest, logger, module = fallback } = object('config', config)
  text('id', id)
  canonical(version)
  if (module === undefined) throw invalidOption('module', 'given, to inProcess() or in the config', module)
  assertModuleSource(module)
  if (localConfig !== undefined) object('localConfig', localConfig)
  optionalFunction('onHostRequest', onHostRequest)
  if (logger !== undefined && !isLogger(logger)) {
    throw invalidOption('logger', 'an object with debug, info, warn and error', logger)
  }
  return module
}
