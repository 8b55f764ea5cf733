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
export type { Watchable } from './watches.js'
