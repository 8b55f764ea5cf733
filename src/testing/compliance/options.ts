import { boolean, duration, invalidOption, object, positive, type Runtime, text } from '../../contract/index.js'
import type { RuntimeConfig } from '../../hosts/index.js'

/** The config of a runtime under test, besides the compliance module. */
export interface ComplianceConfig extends Pick<RuntimeConfig, 'onHostRequest'> {
  /** For `provision`. */
  readonly id: string
  /** For `provision`: canonical SemVer. */
  readonly version: string
  /** For `provision`: tells the compliance module how to start. */
  readonly localConfig: Readonly<Record<string, unknown>>
}

/** The options of `runtimeCompliance`. */
export interface ComplianceOptions {
  /** Makes a new runtime of the compliance module without starting it. The case that asked for it stops it. */
  provision(config: ComplianceConfig): Runtime | Promise<Runtime>
  /** Skips every case, for this reason. @default nothing is skipped */
  readonly skip?: string | undefined
  /** Whether the runtime can crash without its host, as a process can and an in-process runtime cannot. @default true */
  readonly canCrash?: boolean | undefined
  /** Whether `provision` passes `onHostRequest` on. Adds the cases about requests to the host. @default false */
  readonly hostRequests?: boolean | undefined
  /** Whether the runtime has `setRole` and tells the module its role. Adds the cases about roles. @default false */
  readonly roles?: boolean | undefined
  /**
   * Whether all calls reach one module, as in every host but a pool of several. If not, the cases are skipped in which one module must
   * see two calls, or in which its crash must stop the runtime. @default true
   */
  readonly oneModule?: boolean | undefined
  /** The time limit of a case, in ms. Its clean-up may take as long again. @default 10_000 */
  readonly timeout?: number | undefined
  /** A directory for small files that the runtime must be able to read. @default the system's temporary directory */
  readonly directory?: string | undefined
}

/** {@link ComplianceOptions}, validated, with the defaults filled in. */
export interface CompiledCompliance {
  readonly provision: ComplianceOptions['provision']
  readonly skip: string | undefined
  readonly canCrash: boolean
  readonly hostRequests: boolean
  readonly roles: boolean
  readonly oneModule: boolean
  readonly timeout: number
  readonly directory: string | undefined
}

/** @throws CutoverError `CUTOVER_INVALID_OPTION` */
export function compileCompliance(given: ComplianceOptions): CompiledCompliance {
  const options = object('options', given)
  if (typeof options.provision !== 'function') throw invalidOption('provision', 'a function', options.provision)
  return {
    provision: config => options.provision(config),
    skip: options.skip === undefined ? undefined : text('skip', options.skip),
    canCrash: boolean('canCrash', options.canCrash, true),
    hostRequests: boolean('hostRequests', options.hostRequests, false),
    roles: boolean('roles', options.roles, false),
    oneModule: boolean('oneModule', options.oneModule, true),
    timeout: duration('timeout', positive('timeout', options.timeout, 10_000), 10_000),
    directory: options.directory === undefined ? undefined : text('directory', options.directory),
  }
}
