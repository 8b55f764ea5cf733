/** `cutover/guest`: for programs that are runtimes themselves, instead of modules that a host loads. */
export type { CallContext, RuntimeContext, RuntimeModule } from '../contract/index.js'
export { type ServeOptions, serve } from './serve.js'
