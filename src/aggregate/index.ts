/** The control plane and its public face. */
export { Aggregate } from './aggregate.js'
export type { AggregateOptions } from './options.js'
export type { AggregateState, AggregateStatus, VersionStatus } from './status.js'
