/** Loads and runs a runtime module, in any host or guest. */
export { type AnswerHostCall, createCallHost } from './callHost.js'
export { EntryModule } from './entryModule.js'
export { importModule, moduleIn, moduleUrl } from './loadModule.js'
export { ModuleCalls } from './moduleCalls.js'
export { ModuleRun } from './moduleRun.js'
export { yieldsAnswer } from './yieldsAnswer.js'
