import { type MessagePort, workerData } from 'node:worker_threads'
import { safeLogger } from '../contract/index.js'
import { importModule } from '../module/index.js'
import { openPort } from '../protocol/index.js'
import type { GuestLimits } from '../protocol/internal.js'
import { consoleLogger } from './consoleLogger.js'
import { GuestSession } from './session.js'

/** The `workerData` of a thread. */
interface ThreadData {
  readonly module: string
  readonly port: MessagePort
  readonly limits: GuestLimits
}

/** Serves the module that the data of this thread names, over the port that it brings. */
export function serveThread(): void {
  const { module, port, limits } = Object(workerData) as Partial<ThreadData>
  if (module === undefined || port === undefined || limits === undefined) {
    throw new Error('This program serves a module to workerThread(), which passes it a port.')
  }
  new GuestSession({
    limits,
    // The host limits its calls, and with them the unread answers.
    open: openPort(port, { maxBufferedBytes: Number.POSITIVE_INFINITY }),
    logger: safeLogger(consoleLogger, {}),
    load: () => importModule(new URL(module)),
    hostLost: () => {},
    ended: () => process.exit(0),
  }).open()
}
