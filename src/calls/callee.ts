import type { CallOptions } from '../contract/index.js'

/** What a call is sent to. */
export interface Callee<Req, Res> {
  call(request: Req, options: CallOptions | undefined): Res | Promise<Res>
}
