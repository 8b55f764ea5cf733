export { type FleetNode, joinFleet } from './joinFleet.js'
export type {
  FleetLinkState,
  FleetNodeSnapshot,
  FleetNodeState,
  FleetState,
} from './nodeSnapshot.js'
export { type FleetNodeOptions, type HeartbeatOptions, heartbeats } from './options.js'
