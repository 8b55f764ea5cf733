/** `cutover/hosts`: where runtimes run. */
export { inProcess } from './inProcess.js'
export type { InProcessOptions } from './inProcessOptions.js'
export type {
  CallContext,
  LoaderConfig,
  ModuleLoader,
  ModuleSource,
  Provisioner,
  RuntimeConfig,
  RuntimeContext,
  RuntimeModule,
} from './runtimeModule.js'
