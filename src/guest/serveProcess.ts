import { importModule } from '../module/index.js'
import type { GuestLimits } from '../protocol/internal.js'
import { serveFrom } from './serve.js'

/**
 * Serves the module that the arguments of this process name: after the path of the script come the module's URL, the
 * variable with the host's address, and what the host takes as JSON.
 */
export async function serveProcess(): Promise<void> {
  const [, , module, hostVariable, limits] = process.argv
  if (module === undefined || hostVariable === undefined || limits === undefined) {
    throw new Error('This program serves a module to childProcess(), which passes it three arguments.')
  }
  // Node.js has read it. The module gets the environment of its config, and so do its processes.
  delete process.env['NODE_COMPILE_CACHE']
  await serveFrom(() => importModule(new URL(module)), { hostVariable, ...(JSON.parse(limits) as GuestLimits) })
}
