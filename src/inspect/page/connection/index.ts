/** The page's connection to the program. */
export { type ConnectionState, connect, isRefused, socketUrl } from './connection.js'
