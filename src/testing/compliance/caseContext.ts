import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assertRuntime, type Runtime } from '../../contract/index.js'
import { Deadline } from '../deadline.js'
import type { CompiledCompliance, ComplianceConfig } from './options.js'
import type { ComplianceLocalConfig } from './requests.js'
import { RuntimeUnderTest } from './runtimeUnderTest.js'

/** The id and the version of every runtime under test. */
export const IDENTITY = { id: 'compliance', version: '1.2.3' } as const

/** One case of the suite. */
export interface CaseDefinition {
  readonly name: string
  /** An ability that not every host has. */
  readonly needs?: 'crash' | 'hostRequests'
  /** Whether one module must see several calls of the case, or stop the runtime by its crash. @default false */
  readonly oneModule?: true
  run(context: CaseContext): Promise<void>
}

/** Gives one case its runtimes and files, and removes them when the case ends. */
export class CaseContext {
  readonly deadline: Deadline
  readonly #options: CompiledCompliance
  readonly #runtimes: RuntimeUnderTest[] = []
  #directory: string | undefined

  constructor(options: CompiledCompliance) {
    this.#options = options
    this.deadline = new Deadline(options.timeout)
  }

  /** Provisions a runtime without starting it. */
  async provision(
    localConfig: ComplianceLocalConfig = {},
    onHostRequest?: ComplianceConfig['onHostRequest'],
  ): Promise<RuntimeUnderTest> {
    const config = { ...IDENTITY, localConfig: { ...localConfig }, ...(onHostRequest && { onHostRequest }) }
    const given: Runtime | Promise<Runtime> = this.#options.provision(config)
    const target = await this.deadline.wait(Promise.resolve(given), 'provision()')
    assertRuntime(target)
    const runtime = new RuntimeUnderTest(target, this.deadline)
    this.#runtimes.push(runtime)
    return runtime
  }

  /** Provisions a runtime, starts it and waits for `started`. */
  async provisionStarted(onHostRequest?: ComplianceConfig['onHostRequest']): Promise<RuntimeUnderTest> {
    const runtime = await this.provision({}, onHostRequest)
    await runtime.startAndWait()
    return runtime
  }

  /** Creates a file, for `failWhile`: the module does not start while it exists. {@link dispose} removes it too. */
  async createBlockingFile(): Promise<{ readonly path: string; remove(): Promise<void> }> {
    this.#directory ??= await mkdtemp(join(this.#options.directory ?? tmpdir(), 'compliance-'))
    // In a sandbox the guest may run as another user.
    await chmod(this.#directory, 0o755)
    const path = join(this.#directory, 'blocks-start')
    await writeFile(path, '')
    return { path, remove: () => rm(path) }
  }

  /** Stops every runtime and removes every file. Has as much time as the case itself. */
  async dispose(): Promise<void> {
    const deadline = new Deadline(this.#options.timeout)
    const outcomes = await Promise.allSettled(this.#runtimes.map(runtime => runtime.dispose(deadline)))
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true })
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }
}
