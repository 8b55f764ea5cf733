/** `cutover/machines`: the statecharts of this library, pure and without effects. */
export { type AggregateEffect, type AggregateSnapshot, aggregateEffects, aggregateMachine } from './aggregate.js'
export {
  type AggregateContext,
  type AggregateInput,
  type Handover,
  postponed,
  type VersionPair,
  wouldBePostponed,
} from './aggregateContext.js'
export { type AggregateEvent, childId, type Gate } from './aggregateTransitions.js'
export { type ConnectionEffect, type ConnectionEvent, connectionEffects, connectionMachine } from './connection.js'
export { declareEffects, type EffectAction, type EffectOf, type EffectTable, effect } from './effects.js'
export { type FleetEffect, type FleetSnapshot, fleetEffects, fleetMachine } from './fleet.js'
export type { Assignment, FleetContext, FleetEvent, LastReport, Move } from './fleetContext.js'
export {
  type FleetLinkContext,
  type FleetLinkEffect,
  type FleetLinkEvent,
  type FleetLinkInput,
  type FleetLinkSnapshot,
  fleetLinkEffects,
  fleetLinkMachine,
} from './fleetLink.js'
export { type ModuleRunEffect, type ModuleRunEvent, moduleRunEffects, moduleRunMachine } from './moduleRun.js'
export { type PoolEffect, type PoolSnapshot, poolEffects, poolMachine } from './pool.js'
export {
  countOf,
  type InstanceState,
  type OfInstance,
  type PoolContext,
  type PoolEvent,
  type PoolInput,
  speakerOf,
} from './poolContext.js'
export { type Placed, placedVersions, type Role, roleOf } from './role.js'
export { type RolloutEffect, type RolloutSnapshot, rolloutEffects, rolloutMachine } from './rollout.js'
export type { Ending, Order, PlanFacts, RolloutContext, RolloutEvent, StepFacts } from './rolloutContext.js'
export type { Settled } from './rolloutTransitions.js'
export { type SupervisorEffect, supervisorEffects, supervisorMachine } from './supervisor.js'
export {
  backoffOf,
  type Failure,
  type SupervisorContext,
  type SupervisorEvent,
  type SupervisorInput,
  type SupervisorReason,
} from './supervisorContext.js'
export { reportingVersionMachine, type VersionEffect, versionEffects, versionMachine } from './version.js'
export {
  type CapabilityFacts,
  type ErrorFacts,
  isRepeated,
  type VersionContext,
  type VersionEvent,
  type VersionInput,
  type VersionReport,
} from './versionContext.js'
export { type HasVersions, stateOf, type VersionState, type VersionTable, versionsOf } from './versionTable.js'
