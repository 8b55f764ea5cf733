/** `cutover/hosts`: where runtimes run. */
export type { CallContext, RuntimeContext, RuntimeModule } from '../contract/index.js'
export type { ConnectedHostOptions } from './connected/connectedOptions.js'
export { ExitError } from './connected/exitError.js'
export type { Protocol } from './connected/handshake.js'
export { type InProcessOptions, inProcess } from './inProcess/inProcess.js'
export { pool } from './pool/pool.js'
export type { PoolOptions } from './pool/poolOptions.js'
export { type BubblewrapOptions, bubblewrap } from './process/bubblewrap.js'
export { childProcess } from './process/childProcess.js'
export type { ChildProcessOptions } from './process/childProcessOptions.js'
export type { ProcessCommand, Sandbox, SandboxMounts } from './process/command.js'
export type { SandboxLimits } from './process/sandbox/limits.js'
export type {
  HostInfo,
  LoaderConfig,
  ModuleLoader,
  ModuleSource,
  OnHostRequest,
  ProtocolVersion,
  Provisioner,
  RuntimeConfig,
} from './provisioner.js'
export type { SupervisedOptions } from './supervised/supervisedOptions.js'
export { type WorkerThreadOptions, workerThread } from './worker/workerThread.js'
