/** `cutover/hosts`: where runtimes run. */
export type { CallContext, RuntimeContext, RuntimeModule } from '../module/runtimeModule.js'
export { type InProcessOptions, inProcess } from './inProcess.js'
export type { LoaderConfig, ModuleLoader, ModuleSource } from './moduleSource.js'
export type { HostInfo, OnHostRequest, ProtocolVersion, Provisioner, RuntimeConfig } from './provisioner.js'
export type { SupervisedOptions } from './supervisedOptions.js'
