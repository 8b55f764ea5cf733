import { asError, CutoverError } from '../errors.js'
import type { Logger } from '../logger.js'
import { ModuleRun, type RunConfig } from '../module/moduleRun.js'
import type { RuntimeModule } from '../module/runtimeModule.js'
import type { CallOptions } from '../runtime.js'
import { isFinalFailure } from './finalFailure.js'
import type { Guest, GuestReports } from './guest.js'

/** How modules are launched in this process: what they are told, and where they come from. */
export interface ModuleLaunch<Req, Res> {
  readonly config: RunConfig
  readonly logger: Logger
  /** The module's file, if it comes from one. */
  readonly file: URL | undefined
  load(): Promise<RuntimeModule<Req, Res>>
  /** The launch that counts. */
  latest(): ModuleGuest<Req, Res> | undefined
}

/**
 * A module in this process. It cannot be killed, only asked to stop: `terminate` gives it up, which leaves it running for
 * as long as it pleases.
 */
export class ModuleGuest<Req, Res> implements Guest<Req, Res> {
  readonly #launch: ModuleLaunch<Req, Res>
  readonly #run: ModuleRun<Req, Res>
  readonly #reports: GuestReports
  /** Resolves to whether the module came up. */
  #launched: Promise<boolean> = Promise.resolve(false)
  #ending: Promise<void> | undefined

  constructor(launch: ModuleLaunch<Req, Res>, reports: GuestReports) {
    this.#launch = launch
    this.#run = new ModuleRun(launch.config)
    this.#reports = reports
  }

  launch(): void {
    this.#launched = this.#bringUp()
  }

  call(request: Req, options: CallOptions | undefined): Res | Promise<Res> {
    return this.#run.call(request, options)
  }

  /** Whoever asks runs on the same thread: it would be blocked too. */
  ping(): void {
    this.#reports.ponged()
  }

  abort(): void {
    this.#run.abort().then(this.#reports.aborted, error => this.#reports.abortFailed(asError(error)))
  }

  askToStop(): void {
    this.#ending ??= this.#end()
  }

  kill(): void {
    this.askToStop()
  }

  terminate(): void {
    this.#launch.logger.error({}, 'a module did not end in time: given up')
    this.#reports.exited(new Error('It did not end in time.'))
  }

  async #bringUp(): Promise<boolean> {
    try {
      await this.#run.load(this.#launch.load)
      this.#reports.connected()
      await this.#run.start()
    } catch (thrown) {
      const error = asError(thrown)
      if (isFinalFailure(error, this.#launch.file)) this.#reports.failed(error, true)
      this.#reports.exited(error)
      return false
    }
    this.#reports.started({ version: this.#launch.config.version })
    return true
  }

  async #end(): Promise<void> {
    const { version } = this.#launch.config
    this.#run.cancel(new CutoverError('CUTOVER_RUNTIME_LOST', `Version ${version} is to stop.`, { version }))
    if (!(await this.#launched)) return
    if (!this.#isSucceededBySameModule()) await this.#stop()
    this.#reports.exited(new Error('It stopped.'))
  }

  /** To stop a module object that was given up while it started would stop the one that runs now. */
  #isSucceededBySameModule(): boolean {
    const latest = this.#launch.latest()
    return latest !== undefined && latest !== this && latest.#run.shares(this.#run)
  }

  async #stop(): Promise<void> {
    try {
      await this.#run.stop()
    } catch (err) {
      this.#launch.logger.warn({ err }, 'a module failed to stop')
    }
  }
}
