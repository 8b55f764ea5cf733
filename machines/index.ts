/** `cutover/machines`: the statecharts of this library, pure and without effects. */
export { type AggregateSnapshot, aggregateMachine } from './aggregate.js'
export { type ConnectionEvent, connectionMachine } from './connection.js'
export type { AggregateContext, AggregateInput, Handover, VersionPair } from './context.js'
export { type Ledger, stateOf, type VersionState, versionsOf } from './ledger.js'
export { type AggregateEvent, childId, type Gate, namedIn } from './steps.js'
export type { Blame, SupervisorContext, SupervisorEvent, SupervisorInput, SupervisorReason } from './supervision.js'
export { backoffOf, supervisorMachine } from './supervisor.js'
export {
  type CapabilityFacts,
  type ErrorFacts,
  isRepeated,
  type VersionContext,
  type VersionEvent,
  type VersionInput,
  type VersionReport,
  versionMachine,
} from './version.js'
