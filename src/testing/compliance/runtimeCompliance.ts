import { runAndCleanUp, skippedCase, type TestCase } from '../testCase.js'
import { callCases } from './callCases.js'
import { CaseContext, type CaseDefinition } from './caseContext.js'
import { faultCases } from './faultCases.js'
import { lifecycleCases } from './lifecycleCases.js'
import { type CompiledCompliance, type ComplianceOptions, compileCompliance } from './options.js'
import { roleCases } from './roleCases.js'

/** The module file that {@link runtimeCompliance} tests hosts with. */
export const complianceModule: URL = new URL('./complianceModule.js', import.meta.url)

/** One case of {@link runtimeCompliance}. */
export type ComplianceCase = TestCase

/**
 * Tests a host: gives the duties of every host as test cases, for any test runner. Allow each case twice `timeout`.
 *
 * Each case provisions runtimes of {@link complianceModule}, uses them through the `Runtime` interface, and stops them,
 * also when it fails.
 *
 * ```ts
 * for (const { name, run, skip } of runtimeCompliance({ provision })) it.skipIf(skip)(name, run, 20_000)
 * ```
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`
 */
export function runtimeCompliance(options: ComplianceOptions): ComplianceCase[] {
  const compiled = compileCompliance(options)
  return [...lifecycleCases, ...callCases, ...faultCases, ...(compiled.roles ? roleCases : [])]
    .filter(({ needs }) => needs !== 'hostRequests' || compiled.hostRequests)
    .map(definition => caseOf(definition, compiled))
}

function caseOf(definition: CaseDefinition, options: CompiledCompliance): ComplianceCase {
  const { name } = definition
  const skip = skipReason(definition, options)
  if (skip !== undefined) return skippedCase(name, skip)
  const run = async () => {
    const context = new CaseContext(options)
    await runAndCleanUp(
      () => definition.run(context),
      () => context.dispose(),
    )
  }
  return { name, run }
}

function skipReason(
  { needs, oneModule }: CaseDefinition,
  { skip, canCrash, ...options }: CompiledCompliance,
): string | undefined {
  if (skip !== undefined) return skip
  if (oneModule === true && !options.oneModule) return 'It needs a runtime whose calls all reach one module.'
  return needs === 'crash' && !canCrash ? 'This runtime cannot crash without its host.' : undefined
}
