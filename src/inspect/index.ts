/** `cutover/inspect`: shows running statecharts. */
export type { Watchable, WatchableAggregate, WatchableComposite, WatchableRollout } from './clients/index.js'
export { type TransitionRow, toMermaid } from './mermaid/index.js'
export type {
  ActorAnnounced,
  ActorMessage,
  EventSent,
  InspectorMessage,
  MessagesDropped,
  MetricsChanged,
  RolloutChanged,
  RolloutEnd,
  Sanitize,
  SanitizedKind,
  ShownRollout,
  SnapshotTaken,
  StatusChanged,
} from './messages/index.js'
export type { InspectorOptions } from './options.js'
export { type Inspector, startInspector } from './startInspector.js'
