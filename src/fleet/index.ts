/** `cutover/fleet`: versions on many machines, over NATS. Experimental: it may change in any release. */
// First, so that it says what to install.
import './nats/packages.js'

export { OLDEST_NATS_SERVER } from './nats/index.js'
export { type RemoteOptions, type RemoteServer, remote, type ServeRemoteOptions, serveRemote } from './remote/index.js'
