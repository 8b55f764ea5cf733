export { createComplianceModule } from './complianceModule.js'
export type { ComplianceConfig, ComplianceOptions } from './options.js'
export type { ComplianceCounts, ComplianceLocalConfig, ComplianceRequest } from './requests.js'
export { type ComplianceCase, complianceModule, runtimeCompliance } from './runtimeCompliance.js'
