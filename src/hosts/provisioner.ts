import { types } from 'node:util'
import {
  type CallContext,
  CutoverError,
  canonical,
  count,
  invalidOption,
  type Logger,
  object,
  optionalFunction,
  type Runtime,
  type RuntimeModule,
  text,
  type VersionLike,
  validLogger,
} from '../contract/index.js'
import { isUrl } from '../support/index.js'

/** Answers requests of a module to its host. For an Oasis runtime, the answer is a body. */
export type OnHostRequest = (request: unknown, options: Pick<CallContext, 'signal'>) => unknown

/** The config of one runtime. */
export interface RuntimeConfig {
  /** The id of the runtime, the same for all its versions; for Oasis runtimes 64 hex digits. */
  readonly id: string
  /** The version. The host refuses a guest that reports another one. */
  readonly version: VersionLike
  /**
   * The module; overrides the host's own option. Every host takes a file (a URL, or a path relative to the working
   * directory). Only `inProcess()` takes an object or a loader.
   */
  readonly module?: ModuleSource | undefined
  /** Only for child processes: the program to run in place of a module. @default the host's own */
  readonly command?: string | undefined
  /** Only for child processes: what the program gets. @default the host's own */
  readonly args?: readonly string[] | undefined
  /** Only for child processes: added to their environment. @default the host's own */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Handed to the module's `start`. Must be what the host can carry: JSON fits all. @default {} */
  readonly localConfig?: Readonly<Record<string, unknown>> | undefined
  /** Only for child processes: the facts about the consensus layer for Oasis runtimes. @default empty */
  readonly hostInfo?: HostInfo | undefined
  /** Answers the module's `callHost`. @default every request is refused */
  readonly onHostRequest?: OnHostRequest | undefined
  /** Gets the launches, and the output of a process, line by line. @default nowhere */
  readonly logger?: Logger | undefined
  /** The number of the instance in its pool, from 0. `pool()` sets it. @default none: it is in no pool */
  readonly instance?: number | undefined
}

/** The config that a loader gets. */
export interface LoaderConfig extends RuntimeConfig {
  /** Canonical SemVer. */
  readonly version: string
}

/**
 * Makes a module for each launch. May return what `import()` gives: named exports, or a default object.
 */
export type ModuleLoader<Req = unknown, Res = unknown> = (
  config: LoaderConfig,
) => Loaded<Req, Res> | Promise<Loaded<Req, Res>>
type Loaded<Req, Res> = RuntimeModule<Req, Res> | { readonly default: RuntimeModule<Req, Res> }

/**
 * The source of a module: a file (a URL, or a path relative to the working directory; never a package name), the module
 * itself, or a loader. In this process each runtime loads a file under a URL of its own, so that two versions from one file
 * share only what the file imports. CommonJS files are shared; a warning says so.
 */
// biome-ignore lint/suspicious/noExplicitAny: one provisioner serves modules of any request and answer
export type ModuleSource = URL | string | RuntimeModule<any, any> | ModuleLoader<any, any>

/** The facts about the consensus layer that the host tells a runtime of Oasis Core. Other runtimes may ignore it. */
export interface HostInfo {
  /** @default '' */
  readonly consensusBackend?: string | undefined
  /** @default { major: 0, minor: 0, patch: 0 } */
  readonly consensusProtocolVersion?: ProtocolVersion | undefined
  /** @default '' */
  readonly consensusChainContext?: string | undefined
}

/** A protocol version, in the form that Oasis Core sends. */
export interface ProtocolVersion {
  /** @default 0 */
  readonly major?: number | undefined
  /** @default 0 */
  readonly minor?: number | undefined
  /** @default 0 */
  readonly patch?: number | undefined
}

/** A validated {@link RuntimeConfig}. */
export interface CheckedConfig extends RuntimeConfig {
  /** Canonical SemVer. */
  readonly version: string
}

/** Makes runtimes of one kind. */
export interface Provisioner {
  /** The kind of host: `in-process`, `worker-thread`, `child-process`, or `pool of` one of them. */
  readonly name: string
  /**
   * Provisions a runtime, without starting it.
   *
   * @throws CutoverError `CUTOVER_INVALID_OPTION`, `CUTOVER_INVALID_VERSION`, naming what is wrong with the config
   */
  provision<Req = unknown, Res = unknown>(config: RuntimeConfig): Runtime<Req, Res>
}

/** Checks a config, for every host. @throws CutoverError `CUTOVER_INVALID_OPTION`, `CUTOVER_INVALID_VERSION` */
export function checkConfig(config: RuntimeConfig): CheckedConfig {
  const { id, version, localConfig, hostInfo, onHostRequest, logger, instance } = object('config', config)
  text('id', id)
  count('instance', instance, 0)
  if (localConfig !== undefined && (Array.isArray(localConfig) || types.isMap(object('localConfig', localConfig)))) {
    throw invalidOption('localConfig', 'a plain object', localConfig)
  }
  optionalFunction('onHostRequest', onHostRequest)
  checkHostInfo(hostInfo)
  validLogger(logger)
  return { ...config, version: canonical(version) }
}

/** The name of an actor of a runtime, in an inspector: `supervisor rules 1.0.0`, `supervisor rules 1.0.0 #2`. */
export function nameOf(kind: string, { id, version, instance }: CheckedConfig): string {
  return `${kind} ${id} ${version}${instance === undefined ? '' : ` #${instance}`}`
}

/** Builds the error for a `localConfig` that the guest cannot get. */
export function unsendableConfig(why: string): CutoverError {
  return new CutoverError('CUTOVER_INVALID_OPTION', `Option "localConfig" cannot be sent to the runtime: ${why}.`)
}

function checkHostInfo(given: HostInfo | undefined): void {
  if (given === undefined) return
  const { consensusBackend = '', consensusChainContext = '', consensusProtocolVersion = {} } = object('hostInfo', given)
  for (const [name, value] of Object.entries({ consensusBackend, consensusChainContext })) {
    if (typeof value !== 'string') throw invalidOption(`hostInfo.${name}`, 'a string', value)
  }
  for (const [name, value] of Object.entries(object('hostInfo.consensusProtocolVersion', consensusProtocolVersion))) {
    count(`hostInfo.consensusProtocolVersion.${name}`, value, 0)
  }
}

/** Whether `source` names a module file. */
export function isLocation(source: unknown): source is URL | string {
  return isUrl(source) || (typeof source === 'string' && source !== '')
}
