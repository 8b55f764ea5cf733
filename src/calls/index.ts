/** The data plane: where calls go, wait and are in flight. */
export type { Callee } from './callee.js'
export { CallsInFlight } from './callsInFlight.js'
export { type CallLimit, timedCallee, timedEndpoint } from './callTimeout.js'
export { type Direct, ENDPOINT, type Endpoint, endpointOf } from './endpoint.js'
export { type Backend, type Route, Router } from './router.js'
