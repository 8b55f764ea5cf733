/** What a Node.js process of `childProcess()` runs: its arguments are the URL of the module, the variable that says
 * where the host is, and the largest frame. */
import { importModule } from '../module/runtimeModule.js'
import { serveFrom } from './serve.js'

const [, , module = '', hostVariable = '', maxFrameBytes = ''] = process.argv
await serveFrom(() => importModule(new URL(module)), { hostVariable, maxFrameBytes: Number(maxFrameBytes) })
