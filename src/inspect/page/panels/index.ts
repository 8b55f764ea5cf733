/** The panels around the statechart. */
export { ActorTree } from './actorTree.js'
export { Details } from './details.js'
export { EventLog } from './eventLog.js'
export { Header } from './header.js'
export { SequencePanel } from './sequencePanel.js'
export { TimelinePanel } from './timelinePanel.js'
export { ViewTabs } from './viewTabs.js'
