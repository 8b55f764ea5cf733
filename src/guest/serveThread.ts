import { type MessagePort, workerData } from 'node:worker_threads'
import { safeLogger } from '../logger.js'
import { importModule } from '../module/runtimeModule.js'
import { openPort } from '../protocol/portTransport.js'
import { consoleLogger } from './consoleLogger.js'
import { GuestSession } from './session.js'

/** Serves the module that the data of this thread names, over the port that it brings. */
export function serveThread(): void {
  const { module, port } = Object(workerData) as { readonly module?: string; readonly port?: MessagePort }
  if (module === undefined || port === undefined) {
    throw new Error('This program serves a module to workerThread(), which passes it a port.')
  }
  new GuestSession({
    open: openPort(port),
    logger: safeLogger(consoleLogger, {}),
    load: () => importModule(new URL(module)),
    hostLost: () => {},
    over: () => process.exit(0),
  }).open()
}
