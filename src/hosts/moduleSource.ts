import { importModule, moduleIn, type RuntimeModule } from '../module/runtimeModule.js'
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
 * or a loader. Node.js loads a file once in a process: in-process, give each version a URL of its own, and do in `start`,
 * which is tried again, what may fail; a file that throws while it is loaded fails for good.
 */
// biome-ignore lint/suspicious/noExplicitAny: one provisioner serves modules of any request and answer
export type ModuleSource = URL | string | RuntimeModule<any, any> | ModuleLoader<any, any>

/** Gets a module from wherever it comes. @throws CutoverError `CUTOVER_INVALID_RUNTIME`, and what loading it throws */
export async function loadModule(source: ModuleSource, config: LoaderConfig): Promise<RuntimeModule> {
  if (isLocation(source)) return importModule(source)
  if (typeof source === 'function') return moduleIn(await source(config), 'What the loader gave')
  return moduleIn(source, 'Option "module"')
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
  return source instanceof URL || (typeof source === 'string' && source !== '')
}
