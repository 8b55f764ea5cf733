/** `cutover/testing`: what your tests need to decide what runtimes and clocks do. */
export { SimulatedClock } from 'xstate'
export { createComplianceModule } from './compliance/complianceModule.js'
export type { ComplianceCounts, ComplianceLocalConfig, ComplianceRequest } from './compliance/requests.js'
export {
  type ComplianceCase,
  type ComplianceConfig,
  type ComplianceOptions,
  complianceModule,
  runtimeCompliance,
} from './compliance/runtimeCompliance.js'
export { ControllableRuntime, type ControllableRuntimeOptions, type ReceivedCall } from './controllableRuntime.js'
export { type GeneratedPath, type PathState, type PathStep, type PathsOptions, pathsOf } from './paths/pathsOf.js'
export type { GivenEvents, PathEvent, SyntheticEvent } from './paths/possibleEvents.js'
export type { StateGraphOptions } from './paths/stateGraph.js'
export {
  type EventMatch,
  type EventRecorder,
  type EventSource,
  type NextEventOptions,
  recordEvents,
} from './recordEvents.js'
export { aggregateScenarios } from './scenarios/aggregateScenarios.js'
export type { AggregateScenariosOptions, ScenarioProvision } from './scenarios/options.js'
export type { TestCase } from './testCase.js'
