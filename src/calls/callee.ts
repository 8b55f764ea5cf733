import type { CallOptions } from '../contract/index.js'

/** Takes calls. */
export interface Callee<Req, Res> {
  call(request: Req, options: CallOptions | undefined): Res | Promise<Res>
}
