import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime } from '../../runtime.js'
import { Patience } from '../patience.js'
import type { ComplianceConfig, ComplianceOptions } from './compliance.js'
import type { ComplianceLocalConfig } from './requests.js'
import { Subject } from './subject.js'

/** A case of the suite. It gets what it needs from a bench, which cleans up behind it. */
export interface BenchCase {
  readonly name: string
  /** What not every host can do. */
  readonly needs?: 'crash' | 'hostRequests'
  run(bench: Bench): Promise<void>
}

/** The place where one case runs. */
export class Bench {
  readonly patience: Patience
  readonly #options: ComplianceOptions
  readonly #timeout: number
  readonly #subjects: Subject[] = []
  #directory: string | undefined

  constructor(options: ComplianceOptions, timeout: number) {
    this.#options = options
    this.#timeout = timeout
    this.patience = new Patience(timeout)
  }

  /** A runtime that is not started. */
  async provision(
    localConfig: ComplianceLocalConfig = {},
    onHostRequest?: ComplianceConfig['onHostRequest'],
  ): Promise<Subject> {
    const { id, version } = IDENTITY
    const given: Runtime | Promise<Runtime> = this.#options.provision({
      id,
      version,
      localConfig: { ...localConfig },
      ...(onHostRequest === undefined ? {} : { onHostRequest }),
    })
    const subject = new Subject(await this.patience.for(Promise.resolve(given), 'provision()'), this.patience)
    this.#subjects.push(subject)
    return subject
  }

  /** A file that is there until it is removed; {@link dispose} does that as well. */
  async obstacle(): Promise<{ readonly path: string; remove(): Promise<void> }> {
    this.#directory ??= await mkdtemp(join(this.#options.directory ?? tmpdir(), 'compliance-'))
    // In a sandbox the runtime may be another user than we are.
    await chmod(this.#directory, 0o755)
    const path = join(this.#directory, 'obstacle')
    await writeFile(path, '')
    return { path, remove: () => rm(path) }
  }

  /** Stops every runtime and removes every file. */
  async dispose(): Promise<void> {
    const patience = new Patience(this.#timeout)
    const ends = await Promise.allSettled(this.#subjects.map(subject => subject.dispose(patience)))
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true })
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }
}

/** Of every runtime under test. */
export const IDENTITY = { id: 'compliance', version: '1.2.3' } as const
