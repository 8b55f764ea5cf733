import type { CallOptions } from '../runtime.js'

/** What a call is sent to. */
export interface Callee<Req, Res> {
  call(request: Req, options: CallOptions | undefined): Res | Promise<Res>
}
