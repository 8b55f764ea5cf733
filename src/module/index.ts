/** Loads and runs a runtime module, in whatever host. */
export { EntryModule } from './entryModule.js'
export { ModuleRunner, type RunConfig } from './moduleRunner.js'
export {
  type CallContext,
  importModule,
  moduleIn,
  moduleUrl,
  type RuntimeContext,
  type RuntimeModule,
} from './runtimeModule.js'
