/** `cutover/machines`: the statecharts of this library, pure and without effects. */
export { type AggregateSnapshot, aggregateMachine } from './aggregate.js'
export { type ConnectionEvent, connectionMachine } from './connection.js'
export type { AggregateContext, AggregateInput, Handover, VersionPair, VersionState } from './context.js'
export { type AggregateEvent, childId, type Gate } from './steps.js'
export {
  type Blame,
  backoffOf,
  type SupervisorContext,
  type SupervisorEvent,
  type SupervisorInput,
  type SupervisorReason,
  supervisorMachine,
} from './supervisor.js'
export {
  type CapabilityFacts,
  type ErrorFacts,
  type VersionContext,
  type VersionEvent,
  type VersionInput,
  type VersionReport,
  versionMachine,
} from './version.js'
