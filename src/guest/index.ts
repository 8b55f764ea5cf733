/** `cutover/guest`: for programs that want to be runtimes without being loaded by a host of ours. */
export type { CallContext, RuntimeContext, RuntimeModule } from '../contract/index.js'
export { type ServeOptions, serve } from './serve.js'
