/** What a Node.js process of `childProcess()` runs: its arguments are the URL of the module, the variable that says
 * where the host is, and as JSON what the host takes. */
import { importModule } from '../module/runtimeModule.js'
import type { GuestLimits } from '../protocol/guestLimits.js'
import { serveFrom } from './serve.js'

const [, , module = '', hostVariable = '', limits = '{}'] = process.argv
await serveFrom(() => importModule(new URL(module)), { hostVariable, ...(JSON.parse(limits) as GuestLimits) })
