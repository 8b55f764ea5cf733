import { types } from 'node:util'
import type { RuntimeModule } from '../contract/index.js'

/** Whether the `call` of a module is an `async function*`, which answers with a stream of what it yields. */
export function yieldsAnswer<Req, Res>({ call }: RuntimeModule<Req, Res>): boolean {
  return types.isGeneratorFunction(call) && types.isAsyncFunction(call)
}
