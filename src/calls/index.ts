/** The data plane: where calls go, wait and are in flight. */

export { type Callee, Flights } from './callsInFlight.js'
export { type CallLimit, withCallTimeout } from './callTimeout.js'
export { type Backend, type Route, Router } from './router.js'
