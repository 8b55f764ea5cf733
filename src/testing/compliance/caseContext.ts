import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime } from '../../runtime.js'
import { Deadline } from '../deadline.js'
import type { ComplianceLocalConfig } from './requests.js'
import type { ComplianceConfig, ComplianceOptions } from './runtimeCompliance.js'
import { RuntimeUnderTest } from './runtimeUnderTest.js'

/** A case of the suite. It gets what it needs from a context, which cleans up behind it. */
export interface CaseDefinition {
  readonly name: string
  /** What not every host can do. */
  readonly needs?: 'crash' | 'hostRequests'
  run(context: CaseContext): Promise<void>
}

/** The place where one case runs. */
export class CaseContext {
  readonly deadline: Deadline
  readonly #options: ComplianceOptions
  readonly #timeout: number
  readonly #runtimes: RuntimeUnderTest[] = []
  #directory: string | undefined

  constructor(options: ComplianceOptions, timeout: number) {
    this.#options = options
    this.#timeout = timeout
    this.deadline = new Deadline(timeout)
  }

  /** A runtime that is not started. */
  async provision(
    localConfig: ComplianceLocalConfig = {},
    onHostRequest?: ComplianceConfig['onHostRequest'],
  ): Promise<RuntimeUnderTest> {
    const { id, version } = IDENTITY
    const given: Runtime | Promise<Runtime> = this.#options.provision({
      id,
      version,
      localConfig: { ...localConfig },
      ...(onHostRequest === undefined ? {} : { onHostRequest }),
    })
    const runtime = new RuntimeUnderTest(await this.deadline.wait(Promise.resolve(given), 'provision()'), this.deadline)
    this.#runtimes.push(runtime)
    return runtime
  }

  /** A file that is there until it is removed; {@link dispose} does that as well. */
  async obstacle(): Promise<{ readonly path: string; remove(): Promise<void> }> {
    this.#directory ??= await mkdtemp(join(this.#options.directory ?? tmpdir(), 'compliance-'))
    const path = join(this.#directory, 'obstacle')
    await writeFile(path, '')
    return { path, remove: () => rm(path) }
  }

  /** Stops every runtime and removes every file. */
  async dispose(): Promise<void> {
    const deadline = new Deadline(this.#timeout)
    const ends = await Promise.allSettled(this.#runtimes.map(runtime => runtime.dispose(deadline)))
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true })
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }
}

/** Of every runtime under test. */
export const IDENTITY = { id: 'compliance', version: '1.2.3' } as const
