import type { Logger } from '../logger.js'
import { EntryModule } from '../module/entryModule.js'
import { moduleIn, moduleUrl, type RuntimeModule } from '../module/runtimeModule.js'
import { isUrl } from '../realms.js'
import { invalidOption } from '../validate.js'
import type { RuntimeConfig } from './provisioner.js'

/** The config as a loader gets it. */
export interface LoaderConfig extends RuntimeConfig {
  /** Canonical SemVer. */
  readonly version: string
}

/**
 * Makes a module each time the runtime is started. What `import()` gives will do: exports by name, or a default object.
 */
export type ModuleLoader<Req = unknown, Res = unknown> = (
  config: LoaderConfig,
) => Loaded<Req, Res> | Promise<Loaded<Req, Res>>
type Loaded<Req, Res> = RuntimeModule<Req, Res> | { readonly default: RuntimeModule<Req, Res> }

/**
 * Where a module comes from: a file (a URL, or a path relative to the working directory; never a package name), itself,
 * or a loader. In this process each runtime loads a file under a URL of its own, so that two versions from one file share
 * nothing but what the file imports. CommonJS files are shared all the same; a warning says so.
 */
// biome-ignore lint/suspicious/noExplicitAny: one provisioner serves modules of any request and answer
export type ModuleSource = URL | string | RuntimeModule<any, any> | ModuleLoader<any, any>

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

/** Whether it names a module file. */
export function isLocation(source: unknown): source is URL | string {
  return isUrl(source) || (typeof source === 'string' && source !== '')
}
