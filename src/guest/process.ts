/**
 * The entry of a Node.js process of `childProcess()`. Its arguments are the URL of the module, the name of the environment
 * variable with the host's socket, and the host's limits as JSON.
 */
import { importModule } from '../module/index.js'
import type { GuestLimits } from '../protocol/internal.js'
import { serveFrom } from './serve.js'

const [, , module = '', hostVariable = '', limits = '{}'] = process.argv
await serveFrom(() => importModule(new URL(module)), { hostVariable, ...(JSON.parse(limits) as GuestLimits) })
