/** `cutover/testing`: test doubles, test suites and test generators for code that uses cutover. */
export { SimulatedClock } from 'xstate'
export {
  type ComplianceCase,
  type ComplianceConfig,
  type ComplianceCounts,
  type ComplianceLocalConfig,
  type ComplianceOptions,
  type ComplianceRequest,
  complianceModule,
  createComplianceModule,
  runtimeCompliance,
} from './compliance/index.js'
export { ControllableRuntime, type ControllableRuntimeOptions, type ReceivedCall } from './controllableRuntime.js'
export {
  type GeneratedPath,
  type GivenEvents,
  type PathEvent,
  type PathState,
  type PathStep,
  type PathsOptions,
  pathsOf,
  type StateGraphOptions,
  type SyntheticEvent,
} from './paths/index.js'
export {
  type EventMatch,
  type EventRecorder,
  type EventSource,
  type NextEventOptions,
  recordEvents,
} from './recordEvents.js'
export { type AggregateScenariosOptions, aggregateScenarios, type ScenarioProvision } from './scenarios/index.js'
export type { TestCase } from './testCase.js'
