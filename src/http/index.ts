/** `cutover/http`: HTTP applications as versions. Experimental: it may change in any release. */
export { fetchHandler } from './fetchHandler.js'
export type { FetchHandlerOptions, HttpRuntime } from './options.js'
export { type HttpServer, type ServeHttpOptions, serveHttp } from './serveHttp.js'
