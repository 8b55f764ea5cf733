/** The panels around the statechart. */
export { ActorTree } from './actorTree.js'
export { Details } from './details.js'
export { EventLog } from './eventLog.js'
export { Header } from './header.js'
export { TimelinePanel } from './timelinePanel.js'
