export { OLDEST_NATS_SERVER, validConnection } from './connection.js'
export { nats } from './packages.js'
