import { pathToFileURL } from 'node:url'
import { CutoverError, describe } from '../errors.js'
import type { Logger } from '../logger.js'
import type { CallOptions, Runtime } from '../runtime.js'
import { invalidOption } from '../validate.js'
import type { VersionLike } from '../version.js'

/** What a runtime module learns of its surroundings when it is started. */
export interface RuntimeContext {
  readonly id: string
  /** Canonical SemVer. */
  readonly version: string
  /** What the config says under `localConfig`; empty when it says nothing. */
  readonly localConfig: Readonly<Record<string, unknown>>
  /** Fires when the module is to stop, also while it starts. */
  readonly signal: AbortSignal
  /**
   * Asks the host for something.
   *
   * @throws (rejects) CutoverError `CUTOVER_UNHANDLED_HOST_REQUEST` when the config has no `onHostRequest`
   */
  callHost(request: unknown, options?: CallOptions): Promise<unknown>
}

export interface CallContext {
  /** Fires when the caller gives up, when the host asks to interrupt work, and when the module is stopped. */
  readonly signal: AbortSignal
}

/**
 * What the author of a runtime writes; only `call` is needed. It runs unchanged in every host.
 *
 * A module file exports these functions by name, or one default object that has them.
 */
export interface RuntimeModule<Req = unknown, Res = unknown> {
  /** Gets ready; calls arrive only after it has finished. To fail, throw: the host tries again later. */
  start?(context: RuntimeContext): void | Promise<void>
  call(request: Req, context: CallContext): Res | Promise<Res>
  /** Interrupts the work at hand; calls may then fail. */
  abort?(): void | Promise<void>
  stop?(): void | Promise<void>
}

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
 * or a loader. Node.js loads a file once: give each version a URL of its own, and do in `start`, which is tried again,
 * what may fail; a file that throws while it is loaded fails for good.
 */
// biome-ignore lint/suspicious/noExplicitAny: one provisioner serves modules of any request and answer
export type ModuleSource = URL | string | RuntimeModule<any, any> | ModuleLoader<any, any>

/** Which runtime to provision. */
export interface RuntimeConfig {
  readonly id: string
  readonly version: VersionLike
  /**
   * The module; goes before the host's own option. A file (a URL, or a path relative to the working directory) does for
   * every host; an object or a loader only in-process.
   */
  readonly module?: ModuleSource
  /** Handed to the module's `start`. @default {} */
  readonly localConfig?: Readonly<Record<string, unknown>>
  /** Answers the module's `callHost`. @default every request is refused */
  readonly onHostRequest?: (request: unknown, options: CallContext) => unknown
  /** @default nowhere */
  readonly logger?: Logger
}

/** Makes runtimes of one kind. */
export interface Provisioner {
  readonly name: string
  /**
   * Makes a runtime that is not started.
   *
   * @throws CutoverError `CUTOVER_INVALID_OPTION`, `CUTOVER_INVALID_VERSION`, naming what is wrong with the config
   */
  provision<Req = unknown, Res = unknown>(config: RuntimeConfig): Runtime<Req, Res>
}

const OPTIONAL = ['start', 'abort', 'stop'] as const satisfies readonly (keyof RuntimeModule)[]

/** @throws CutoverError `CUTOVER_INVALID_RUNTIME`, naming what is wrong */
function assertModule(value: unknown, source: string): asserts value is RuntimeModule {
  const candidate = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  if (typeof candidate['call'] !== 'function') {
    const remedy = 'Export a function "call", or a default object that has one.'
    throw new CutoverError('CUTOVER_INVALID_RUNTIME', `${source} has no function "call". ${remedy}`)
  }
  for (const name of OPTIONAL) {
    if (candidate[name] !== undefined && typeof candidate[name] !== 'function') {
      const message = `${source} has a "${name}" that is not a function, but ${describe(candidate[name])}.`
      throw new CutoverError('CUTOVER_INVALID_RUNTIME', message)
    }
  }
}

/** Gets a module from wherever it comes. @throws CutoverError `CUTOVER_INVALID_RUNTIME`, and what loading it throws */
export async function loadModule(source: ModuleSource, config: LoaderConfig): Promise<RuntimeModule> {
  if (typeof source === 'string' || source instanceof URL)
    return moduleIn(await import(toUrl(source).href), `Module ${source}`)
  if (typeof source === 'function') return moduleIn(await source(config), 'What the loader gave')
  return moduleIn(source, 'Option "module"')
}

/** The exports by name go first, then the default object. */
function moduleIn(loaded: unknown, source: string): RuntimeModule {
  const { call, default: fallback } = Object(loaded) as { readonly call?: unknown; readonly default?: unknown }
  const module = call === undefined ? fallback : loaded
  assertModule(module, source)
  return module
}

/** @throws CutoverError `CUTOVER_INVALID_OPTION`, `CUTOVER_INVALID_RUNTIME`; what files and loaders give is seen later */
export function assertModuleSource(source: unknown): asserts source is ModuleSource {
  if (typeof source === 'function' || source instanceof URL) return
  if (typeof source === 'string' && source !== '') return
  if (typeof source !== 'object') {
    throw invalidOption('module', 'a RuntimeModule, a function that makes one, a URL or a path', source)
  }
  moduleIn(source, 'Option "module"')
}

function toUrl(location: URL | string): URL {
  if (location instanceof URL) return location
  // A single letter before the colon is a drive, not a protocol.
  return /^[a-z][a-z+.-]+:/i.test(location) ? new URL(location) : pathToFileURL(location)
}
