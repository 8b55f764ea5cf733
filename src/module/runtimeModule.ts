import { pathToFileURL } from 'node:url'
import { type CallOptions, CutoverError, describe, invalidOption, type Transferable } from '../contract/index.js'
import { isUrl } from '../support/index.js'
import { importFile } from './importFile.js'

/** What a runtime module learns of its surroundings when it is started. */
export interface RuntimeContext {
  /** The id of the runtime, as in its config. */
  readonly id: string
  /** Canonical SemVer. */
  readonly version: string
  /** What the config says under `localConfig`; empty when it says nothing. */
  readonly localConfig: Readonly<Record<string, unknown>>
  /** Fires when the module is to stop, also while it starts. */
  readonly signal: AbortSignal
  /**
   * Asks the host for something: its config's `onHostRequest` answers.
   *
   * @throws (rejects) what `onHostRequest` throws, the signal's reason, and CutoverError
   * `CUTOVER_UNHANDLED_HOST_REQUEST` when the config has no `onHostRequest`
   */
  callHost(request: unknown, options?: CallOptions): Promise<unknown>
}

/** What a module learns of one call. */
export interface CallContext {
  /** Fires when the caller gives up, when the host asks to interrupt work, and when the module is stopped. */
  readonly signal: AbortSignal
  /**
   * Says what of the answer is to be moved to the caller, not copied: buffers that are of no use here any more. Where
   * the host shares memory, or has no way to move it, this does nothing.
   */
  transfer(list: readonly Transferable[]): void
}

/**
 * What the author of a runtime writes; only `call` is needed. It runs unchanged in every host.
 *
 * A module file exports these functions by name, or one default object that has them.
 */
export interface RuntimeModule<Req = unknown, Res = unknown> {
  /** Gets ready; calls arrive only after it has finished. To fail, throw: the host tries again later. */
  start?(context: RuntimeContext): void | Promise<void>
  /** Answers one call; many may be under way at once. What it throws is what the caller's promise rejects with. */
  call(request: Req, context: CallContext): Res | Promise<Res>
  /** Interrupts the work at hand; calls may then fail. */
  abort?(): void | Promise<void>
  /** Ends for good what `start` has begun; called once, and only after `start` has finished. */
  stop?(): void | Promise<void>
}

const OPTIONAL = ['start', 'abort', 'stop'] as const satisfies readonly (keyof RuntimeModule)[]

/**
 * The module in what `import()`, a loader or a user gave: its exports by name go first, then its default object.
 *
 * @param source - where it comes from, for the message
 * @throws CutoverError `CUTOVER_INVALID_RUNTIME`, naming what is wrong
 */
export function moduleIn(loaded: unknown, source: string): RuntimeModule {
  const { call, default: fallback } = Object(loaded) as { readonly call?: unknown; readonly default?: unknown }
  const module = call === undefined ? fallback : loaded
  assertModule(module, source)
  return module
}

/**
 * Loads a module file.
 *
 * @throws CutoverError `CUTOVER_INVALID_RUNTIME`, `CUTOVER_START_FAILED` if Node.js cannot load its TypeScript, and
 * whatever the file throws
 */
export async function importModule(location: URL | string): Promise<RuntimeModule> {
  const url = moduleUrl(location)
  return moduleIn(await importFile(url), `Module ${location}`)
}

/** A path is relative to the working directory. @throws CutoverError `CUTOVER_INVALID_OPTION`: it looks like a URL, and is none */
export function moduleUrl(location: URL | string): URL {
  if (isUrl(location)) return new URL(location.href)
  // A single letter before the colon is a drive, not a protocol.
  if (!/^[a-z][a-z+.-]+:/i.test(location)) return pathToFileURL(location)
  if (URL.canParse(location)) return new URL(location)
  throw invalidOption('module', 'a URL or a path', location)
}

function assertModule(value: unknown, source: string): asserts value is RuntimeModule {
  const candidate = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  if (typeof candidate['call'] !== 'function') {
    const remedy = 'Export a function "call", or a default object that has one.'
    throw new CutoverError('CUTOVER_INVALID_RUNTIME', `${source} has no function "call". ${remedy}`)
  }
  for (const name of OPTIONAL) {
    if (candidate[name] !== undefined && typeof candidate[name] !== 'function') {
      const message = `${source} has a "${name}" that is not a function, but ${describe(candidate[name])}.`
      throw new CutoverError('CUTOVER_INVALID_RUNTIME', `${message} Make it a function, or leave it out.`)
    }
  }
}
