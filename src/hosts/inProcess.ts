import { isLogger } from '../logger.js'
import { invalidOption, optionalFunction, optionsObject, text } from '../validate.js'
import { canonical } from '../version.js'
import { type CompiledInProcess, compileInProcess, type InProcessOptions } from './inProcessOptions.js'
import { ModuleRuntime } from './moduleRuntime.js'
import {
  assertModule,
  importModule,
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
      checkConfig(config, compiled)
      // What a module takes and gives cannot be checked here: the caller says so with the type arguments.
      const load = () => loadModule(config, compiled.module) as Promise<RuntimeModule<Req, Res>>
      return new ModuleRuntime(config, compiled, load)
    },
  }
}

function checkConfig(config: RuntimeConfig, { module }: CompiledInProcess): void {
  const { id, version, localConfig, onHostRequest, logger } = optionsObject(config)
  text('id', id)
  canonical(version)
  const own: unknown = config.module
  if (own === undefined && module === undefined) {
    throw invalidOption('module', 'given, to inProcess() or in the config', own)
  }
  if (own !== undefined && !(own instanceof URL)) text('module', own)
  if (localConfig !== undefined) optionsObject(localConfig)
  optionalFunction('onHostRequest', onHostRequest)
  if (logger !== undefined && !isLogger(logger)) {
    throw invalidOption('logger', 'an object with debug, info, warn and error', logger)
  }
}

async function loadModule(config: RuntimeConfig, fallback: InProcessOptions['module']): Promise<RuntimeModule> {
  const source = config.module ?? fallback
  if (typeof source === 'string' || source instanceof URL) {
    const module = await importModule(source)
    assertModule(module, `Module ${source}`)
    return module
  }
  const module: unknown = typeof source === 'function' ? await source(config) : source
  assertModule(module, 'The module that the loader made')
  return module
}
