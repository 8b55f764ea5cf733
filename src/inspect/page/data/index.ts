/** The page's data about a program, built from its messages and independent of the document. */
export type { ActorSnapshot } from './receivedMessage.js'
export { activePaths, formatLeafStates, formatStateValue } from './stateValue.js'
export { type Actor, isAlive, type LogEntry, type Store } from './store.js'
export { formatJson, formatTime, shortName, versionOf } from './text.js'
export type { Lane, Phase, Span, Switch, Timeline } from './timeline.js'
export { asRecord } from './unknownRecord.js'
export { type Source, ViewModel } from './viewModel.js'
