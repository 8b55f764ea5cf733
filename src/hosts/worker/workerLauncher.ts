import { MessageChannel, type MessagePort, type ResourceLimits, Worker } from 'node:worker_threads'
import { asError, type Logger } from '../../contract/index.js'
import { openPort } from '../../protocol/index.js'
import type { GuestLimits } from '../../protocol/internal.js'
import type { Launcher, LauncherReports } from '../connected/launcher.js'
import { follow } from '../connected/output/follow.js'
import { OutputLog } from '../connected/output/outputLog.js'
import { Tail } from '../connected/output/tail.js'
import type { GuestProgram } from '../guestProgram.js'

/** A thread that is to run a module. */
export interface WorkerCommand {
  readonly module: URL
  readonly program: GuestProgram
  readonly resourceLimits?: ResourceLimits | undefined
  readonly execArgv?: readonly string[] | undefined
  /** The limits of the host, which the thread keeps. */
  readonly limits: GuestLimits
  /** The most bytes that wait for the thread to read them. */
  readonly maxBufferedBytes: number
}

/** Runs the program in its data. The option `eval` of `Worker` would do so too, but it ignores `--import`. */
const RUN_TEXT = new URL("data:text/javascript,import{workerData}from'node:worker_threads';(0,eval)(workerData.text)")

/** A worker thread, and the port to it. */
export class WorkerLauncher implements Launcher {
  readonly #command: WorkerCommand
  readonly #logger: Logger
  #worker: Worker | undefined

  constructor(command: WorkerCommand, logger: Logger) {
    this.#command = command
    this.#logger = logger
  }

  launch(reports: LauncherReports): void {
    try {
      this.#worker = this.#spawn(reports)
    } catch (error) {
      const cause = asError(error)
      process.nextTick(() => reports.exited({ code: null, signal: null, stderr: '', error: cause }))
    }
  }

  terminate(): void {
    this.kill()
  }

  kill(): void {
    void this.#worker?.terminate()
  }

  #spawn(reports: LauncherReports): Worker {
    const { module, program, resourceLimits, execArgv, limits, maxBufferedBytes } = this.#command
    const { port1, port2 } = new MessageChannel()
    const worker = orClose(port1, () => {
      return new Worker(program.file ?? RUN_TEXT, {
        workerData: { module: module.href, port: port2, limits, text: program.text },
        transferList: [port2],
        stdout: true,
        stderr: true,
        ...(resourceLimits === undefined ? {} : { resourceLimits }),
        ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      })
    })
    const tail = new Tail()
    const output = [
      follow(worker.stdout, new OutputLog('stdout', this.#logger)),
      follow(worker.stderr, new OutputLog('stderr', this.#logger, { tail })),
    ]
    let uncaught: Error | undefined
    worker.once('online', () => reports.connected(openPort(port1, { maxBufferedBytes })))
    worker.on('error', error => {
      uncaught = asError(error)
    })
    worker.once('exit', code => {
      port1.close()
      void Promise.all(output).then(() => {
        const exit = { code, signal: null, stderr: tail.text() }
        reports.exited(uncaught === undefined ? exit : { ...exit, error: uncaught })
      })
    })
    return worker
  }
}

/** A port keeps the process alive: when there is no thread for it, it is closed. */
function orClose<T>(port: MessagePort, make: () => T): T {
  try {
    return make()
  } catch (error) {
    port.close()
    throw error
  }
}
