import type { ResourceLimits } from 'node:worker_threads'
import { object } from '../../contract/index.js'
import { whyNotCloneable } from '../../protocol/internal.js'
import { ConnectedGuest } from '../connected/connectedGuest.js'
import { type ConnectedHostOptions, compileConnected, fileModule } from '../connected/connectedOptions.js'
import { guestProgram } from '../guestProgram.js'
import { checkConfig, type Provisioner, type RuntimeConfig, unsendableConfig } from '../provisioner.js'
import { SupervisedRuntime } from '../supervised/supervisedRuntime.js'
import { execArgvOf } from './execArgv.js'
import { WorkerLauncher } from './workerLauncher.js'

/** The options of {@link workerThread}. */
export interface WorkerThreadOptions extends ConnectedHostOptions {
  /** The module file, for configs that name none: a URL, or a path relative to the working directory. */
  readonly module?: URL | string | undefined
  /** Limits of the thread's memory, as `new Worker` has them, in MB. @default Node's */
  readonly resourceLimits?: ResourceLimits | undefined
  /**
   * Options of Node.js for the thread, as `new Worker` has them: those of V8, such as `--max-old-space-size`, are for a
   * whole process and refused; for memory there is `resourceLimits`. @default this process's own
   */
  readonly execArgv?: readonly string[] | undefined
}

/**
 * A provisioner of runtimes that run in a worker thread each: a module that blocks its event loop, runs out of memory or
 * throws where nobody catches it ends only its thread, which is launched again. The thread shares this process with you:
 * what crashes the process takes both.
 *
 * Requests and answers are structured clones; what is named in `transfer` is moved. A request must not change before it
 * is answered. Everything else is as with {@link childProcess}.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`; `provision` also `CUTOVER_INVALID_VERSION`
 */
export function workerThread(options: WorkerThreadOptions = {}): Provisioner {
  const { module, resourceLimits, execArgv, guestUrl } = object('options', options)
  const compiled = compileConnected(options)
  const program = guestProgram('worker', guestUrl)
  if (module !== undefined) fileModule(module)
  if (resourceLimits !== undefined) object('resourceLimits', resourceLimits)
  if (execArgv !== undefined) execArgvOf(execArgv)
  return {
    name: 'worker-thread',
    provision<Req, Res>(given: RuntimeConfig) {
      const config = checkConfig(given)
      const reason = whyNotCloneable(config.localConfig, 'localConfig')
      if (reason !== undefined) throw unsendableConfig(reason)
      const { limits, maxBufferedBytes } = compiled
      const command = {
        module: fileModule(config.module ?? module),
        program,
        resourceLimits,
        execArgv,
        limits,
        maxBufferedBytes,
      }
      const connected = { ...compiled, protocol: 'cutover', module: command.module } as const
      return new SupervisedRuntime<Req, Res>(config, compiled, (reports, logger, inspect) => {
        const launcher = new WorkerLauncher(command, logger)
        return new ConnectedGuest(config, { ...connected, inspect }, launcher, reports, logger)
      })
    },
  }
}
