export { type RemoteOptions, remote } from './remote.js'
export { type ServeRemoteOptions, serveRemote } from './serveRemote.js'
export type { RemoteServer } from './server.js'
