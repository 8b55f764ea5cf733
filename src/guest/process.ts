/** What a Node.js process of `childProcess()` runs: its arguments are the URL of the module, and where the host is said to be. */
import { importModule } from '../module/runtimeModule.js'
import { serveFrom } from './serve.js'

const [, , module = '', hostVariable = ''] = process.argv
await serveFrom(() => importModule(new URL(module)), { hostVariable })
