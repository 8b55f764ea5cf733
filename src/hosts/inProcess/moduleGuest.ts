import {
  asError,
  type CallOptions,
  CutoverError,
  type Logger,
  type Role,
  type RuntimeModule,
} from '../../contract/index.js'
import { type AnswerHostCall, createCallHost, ModuleCalls, ModuleRun } from '../../module/index.js'
import { isFinalFailure } from '../supervised/finalFailure.js'
import type { Guest, GuestReports } from '../supervised/guest.js'

/** How to launch a module in this process: where it comes from, and what it gets. */
export interface ModuleLaunch<Req, Res> {
  readonly id: string
  readonly version: string
  readonly localConfig: Readonly<Record<string, unknown>>
  readonly logger: Logger
  /** The module's file, if it comes from one. */
  readonly file: URL | undefined
  readonly answerHostCall: AnswerHostCall
  load(): Promise<RuntimeModule<Req, Res>>
  /** The last launch of the runtime. */
  latest(): ModuleGuest<Req, Res> | undefined
}

/** A module in this process. Node.js cannot kill it: `terminate` stops waiting for it, and it may go on running. */
export class ModuleGuest<Req, Res> implements Guest<Req, Res> {
  readonly #launch: ModuleLaunch<Req, Res>
  readonly #calls: ModuleCalls<Req, Res>
  readonly #run: ModuleRun<Req, Res>
  readonly #reports: GuestReports

  constructor(launch: ModuleLaunch<Req, Res>, reports: GuestReports) {
    const { version, logger } = launch
    this.#launch = launch
    this.#reports = reports
    this.#calls = new ModuleCalls(version)
    this.#run = new ModuleRun({
      logger,
      load: () => launch.load(),
      loaded: () => reports.connected(),
      started: module => {
        this.#calls.open(module)
        reports.started({ version })
      },
      failed: thrown => {
        const error = asError(thrown)
        if (isFinalFailure(error, launch.file)) reports.failed(error, true)
        reports.exited(error)
      },
      interrupted: reason => this.#calls.end(reason),
      ended: () => reports.exited(new Error('It stopped.')),
      mayStop: () => !this.#isSucceededBySameModule(),
    })
  }

  launch(): void {
    const { id, version, localConfig, answerHostCall } = this.#launch
    this.#run.start({ id, version, localConfig, callHost: createCallHost(answerHostCall, this.#run.stopSignal) })
  }

  call(request: Req, options: CallOptions | undefined): Res | Promise<Res> {
    return this.#calls.call(request, options)
  }

  setRole(role: Role): void {
    this.#run.setRole(role)
  }

  /** Answers at once: if the module blocked the event loop, the watchdog could not run either. */
  ping(): void {
    this.#reports.ponged()
  }

  abort(): void {
    this.#calls.abort().then(this.#reports.aborted, error => this.#reports.abortFailed(asError(error)))
  }

  askToStop(): void {
    const { version } = this.#launch
    this.#run.stop(new CutoverError('CUTOVER_RUNTIME_LOST', `Version ${version} is stopping.`, { version }))
  }

  kill(): void {
    this.askToStop()
  }

  terminate(): void {
    this.#launch.logger.error({}, 'the module did not stop in time: it is abandoned and may still run')
    this.#reports.exited(new Error('It did not end in time.'))
  }

  /** Whether a later launch runs the same module object. Stopping an abandoned launch would stop that one. */
  #isSucceededBySameModule(): boolean {
    const latest = this.#launch.latest()
    return latest !== undefined && latest !== this && latest.#run.module === this.#run.module
  }
}
