export { OLDEST_NATS_SERVER, validConnection } from './connection.js'
export { onDisconnect } from './disconnects.js'
export { nats } from './packages.js'
