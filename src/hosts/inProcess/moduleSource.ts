import { invalidOption, type Logger, type RuntimeModule } from '../../contract/index.js'
import { EntryModule, moduleIn, moduleUrl } from '../../module/index.js'
import { isLocation, type LoaderConfig, type ModuleSource } from '../provisioner.js'

/** Gets the module for one launch. @throws CutoverError `CUTOVER_INVALID_RUNTIME`, and what loading it throws */
export type LoadModule = (logger: Logger) => Promise<RuntimeModule>

/** How one runtime gets its module, from wherever it comes. */
export function moduleLoader(source: ModuleSource, config: LoaderConfig): LoadModule {
  if (isLocation(source)) {
    const entry = new EntryModule(moduleUrl(source), config)
    return logger => entry.load(logger)
  }
  if (typeof source === 'function') return async () => moduleIn(await source(config), 'What the loader gave')
  return async () => moduleIn(source, 'Option "module"')
}

/** @throws CutoverError `CUTOVER_INVALID_OPTION`, `CUTOVER_INVALID_RUNTIME`; what files and loaders give is seen later */
export function assertModuleSource(source: unknown): asserts source is ModuleSource {
  if (typeof source === 'function' || isLocation(source)) return
  if (typeof source !== 'object') {
    throw invalidOption('module', 'a RuntimeModule, a function that makes one, a URL or a path', source)
  }
  moduleIn(source, 'Option "module"')
}
