export { aggregateScenarios } from './aggregateScenarios.js'
export type { AggregateScenariosOptions, ScenarioProvision } from './options.js'
export { expectedStatus } from './statusCheck.js'
export { failedStarts, hostReports } from './steps.js'
