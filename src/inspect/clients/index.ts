/** Sends the recorded messages to the connected clients. */
export { Clients, type ClientsOptions } from './clients.js'
export type { Watchable, WatchableAggregate, WatchableComposite, WatchableRollout } from './watchedAggregates.js'
