import type { RuntimeConfig } from '../../hosts/provisioner.js'
import type { Runtime } from '../../runtime.js'
import { duration, invalidOption, object, positive } from '../../validate.js'
import { skippedCase, type TestCase } from '../testCase.js'
import { callCases } from './callCases.js'
import { CaseContext, type CaseDefinition } from './caseContext.js'
import { faultCases } from './faultCases.js'
import { lifecycleCases } from './lifecycleCases.js'

/** The module file that {@link runtimeCompliance} tests hosts with. */
export const complianceModule: URL = new URL('./complianceModule.js', import.meta.url)

/** What a runtime under test is to be made from, besides {@link complianceModule}. */
export interface ComplianceConfig extends Pick<RuntimeConfig, 'onHostRequest'> {
  /** For `provision`. */
  readonly id: string
  /** For `provision`, canonical SemVer. */
  readonly version: string
  /** For `provision`: what the compliance module is to do when it starts. */
  readonly localConfig: Readonly<Record<string, unknown>>
}

/** What {@link runtimeCompliance} needs to know of a host. */
export interface ComplianceOptions {
  /** Makes a new runtime of {@link complianceModule}, not started; each case stops the ones that it has asked for. */
  provision(config: ComplianceConfig): Runtime | Promise<Runtime>
  /** Why nothing can be tested here: then every case is one to skip, and says so. */
  readonly skip?: string | undefined
  /** The runtime can die, and leave its host alive; in-process it cannot. @default true */
  readonly canCrash?: boolean | undefined
  /** `provision` hands `onHostRequest` on: adds the cases of requests to the host. @default false */
  readonly hostRequests?: boolean | undefined
  /** How long a case may take, in ms; cleaning up behind it may take as long again. @default 10_000 */
  readonly timeout?: number | undefined
  /** Where small files are made that the runtime has to see; it need not write there. @default the system's for temporary files */
  readonly directory?: string | undefined
}

/** One case of {@link runtimeCompliance}. */
export type ComplianceCase = TestCase

/**
 * What every host has to do, as cases for any test runner. Give the runner at least twice `timeout` for each.
 *
 * ```ts
 * for (const { name, run, skip } of runtimeCompliance({ provision })) it.skipIf(skip)(name, run, 20_000)
 * ```
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`
 */
export function runtimeCompliance(options: ComplianceOptions): ComplianceCase[] {
  const { provision, canCrash = true, hostRequests = false } = object('options', options)
  if (typeof provision !== 'function') throw invalidOption('provision', 'a function', provision)
  const timeout = duration('timeout', positive('timeout', options.timeout, 10_000), 10_000)
  const skipOf = ({ needs }: CaseDefinition): string | undefined => {
    if (options.skip !== undefined) return options.skip
    return needs === 'crash' && !canCrash ? 'This runtime cannot crash and leave its host alive.' : undefined
  }
  return [...lifecycleCases, ...callCases, ...faultCases]
    .filter(({ needs }) => needs !== 'hostRequests' || hostRequests)
    .map(definition => {
      const skip = skipOf(definition)
      if (skip !== undefined) return skippedCase(definition.name, skip)
      return { name: definition.name, run: () => runCase(definition, options, timeout) }
    })
}

/** What went wrong in the case goes before what went wrong in cleaning up. */
async function runCase(definition: CaseDefinition, options: ComplianceOptions, timeout: number): Promise<void> {
  const context = new CaseContext(options, timeout)
  try {
    await definition.run(context)
  } catch (error) {
    await context.dispose().catch(() => {})
    throw error
  }
  await context.dispose()
}
