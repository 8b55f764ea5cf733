/** The entry of a worker thread of `workerThread()`. Its `workerData` has the URL of the module, the port and the limits. */
import { type MessagePort, workerData } from 'node:worker_threads'
import { safeLogger } from '../contract/index.js'
import { importModule } from '../module/index.js'
import { openPort } from '../protocol/index.js'
import type { GuestLimits } from '../protocol/internal.js'
import { consoleLogger } from './consoleLogger.js'
import { GuestSession } from './session.js'

const { module, port, limits } = workerData as {
  readonly module: string
  readonly port: MessagePort
  readonly limits: GuestLimits
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
