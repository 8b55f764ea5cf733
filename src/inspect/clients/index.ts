/** Sends the recorded messages to the connected clients. */
export { Clients, type ClientsOptions } from './clients.js'
export type { Watchable, WatchableComposite } from './watchedAggregates.js'
