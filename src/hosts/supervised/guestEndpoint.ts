import type { Callee, Endpoint } from '../../calls/index.js'
import type { Guest } from './guest.js'

/** The way to the guest of a runtime, whichever launch that is. */
export class GuestEndpoint<Req, Res> implements Endpoint<Req, Res> {
  callee: Callee<Req, Res> | null = null
  /** The current launch. Reports of earlier ones are dropped. */
  guest: Guest<Req, Res> | undefined
  onReleased: (() => void) | undefined

  get givenUp(): number {
    return this.guest?.givenUp ?? 0
  }
}
