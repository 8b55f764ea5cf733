/** `cutover/inspect`: see statecharts at work. */

export type { Watchable } from './clients/watchedAggregates.js'
export { toMermaid } from './mermaid/toMermaid.js'
export type { TransitionRow } from './mermaid/transitions.js'
export type {
  ActorAnnounced,
  ActorMessage,
  EventSent,
  InspectorMessage,
  MessagesDropped,
  SnapshotTaken,
  StatusChanged,
} from './messages/messages.js'
export type { InspectorOptions, Sanitize, SanitizedKind } from './options.js'
export { type Inspector, startInspector } from './startInspector.js'
