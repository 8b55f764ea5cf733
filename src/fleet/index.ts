/** `cutover/fleet`: versions on many machines, over NATS. Experimental: it may change in any release. */
// First, so that it says what to install.
import './nats/packages.js'

export { OLDEST_NATS_SERVER } from './nats/index.js'
export {
  type FleetLinkState,
  type FleetNode,
  type FleetNodeOptions,
  type FleetNodeSnapshot,
  type FleetNodeState,
  type FleetState,
  type HeartbeatOptions,
  joinFleet,
} from './node/index.js'
export {
  type DeployOptions,
  type Fleet,
  type FleetNodeStatus,
  type FleetRevision,
  type FleetStatus,
  type OpenFleetOptions,
  openFleet,
  type WaveOptions,
} from './operator/index.js'
export type { NodeState } from './record/nodeEntry.js'
export type { Members, Wanted, Wave } from './record/wanted.js'
export { type RemoteOptions, type RemoteServer, remote, type ServeRemoteOptions, serveRemote } from './remote/index.js'
