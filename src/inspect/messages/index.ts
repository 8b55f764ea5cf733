/** The messages that clients receive, and how recorded events become messages. */
export { Definitions } from './definitions.js'
export type {
  ActorAnnounced,
  ActorMessage,
  EventSent,
  InspectorMessage,
  MessagesDropped,
  MetricsChanged,
  RolloutChanged,
  RolloutEnd,
  ShownRollout,
  SnapshotTaken,
  StatusChanged,
} from './messages.js'
export type { ActorInfo, RecordedEvent } from './recordedEvent.js'
export { masksSecrets, type Sanitize, type SanitizedKind } from './sanitize.js'
export { type SerializerOptions, serialize, serializeDropped } from './serialize.js'
export { currentSnapshot, snapshotStatus } from './shownValues.js'
