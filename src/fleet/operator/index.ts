export { type Fleet, openFleet } from './openFleet.js'
export type { DeployOptions, OpenFleetOptions, WaveOptions } from './options.js'
export type { FleetNodeStatus, FleetRevision, FleetStatus } from './status.js'
