/** What a Node.js process of `childProcess()` runs: the module whose URL is its argument. */
import { importModule } from '../module/runtimeModule.js'
import { serveFrom } from './serve.js'

const [, , module = ''] = process.argv
await serveFrom(() => importModule(new URL(module)), {})
