import { pathToFileURL } from 'node:url'
import { CutoverError, describe } from '../errors.js'
import type { Logger } from '../logger.js'
import type { CallOptions, Runtime } from '../runtime.js'
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

/** Makes a module each time the runtime is started. */
export type ModuleLoader<Req = unknown, Res = unknown> = (
  config: RuntimeConfig,
) => RuntimeModule<Req, Res> | Promise<RuntimeModule<Req, Res>>

/** Which runtime to provision. */
export interface RuntimeConfig {
  readonly id: string
  readonly version: VersionLike
  /** A module file: a URL, or a path, which is relative to the working directory. Goes before the host's own option. */
  readonly module?: URL | string
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
export function assertModule(value: unknown, source: string): asserts value is RuntimeModule {
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

/** Imports a module file. The exports by name go first, then the default object. */
export async function importModule(location: URL | string): Promise<unknown> {
  const url = toUrl(location)
  const exports: { default?: unknown; call?: unknown } = await import(url.href)
  return typeof exports.call === 'function' ? exports : exports.default
}

function toUrl(location: URL | string): URL {
  if (location instanceof URL) return location
  // A single letter before the colon is a drive, not a protocol.
  return /^[a-z][a-z+.-]+:/i.test(location) ? new URL(location) : pathToFileURL(location)
}
