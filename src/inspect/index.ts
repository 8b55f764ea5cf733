/** `cutover/inspect`: see statecharts at work. */
export type {
  ActorAnnounced,
  ActorMessage,
  EventSent,
  InspectorMessage,
  MessagesDropped,
  SnapshotTaken,
  StatusChanged,
} from './messages.js'
export type { InspectorOptions, Sanitize, SanitizedKind } from './options.js'
export { type Inspector, startInspector } from './startInspector.js'
export { toMermaid } from './toMermaid.js'
export type { TransitionRow } from './transitions.js'
export type { Watchable } from './watches.js'
