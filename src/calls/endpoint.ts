import type { Runtime } from '../contract/index.js'
import type { Callee } from './callee.js'
import type { CallsInFlight } from './callsInFlight.js'

/** Sends calls to a runtime at once, past its own queue and its own table of calls in flight. */
export interface Endpoint<Req, Res> {
  /** Takes calls at once; null while the runtime is not running. */
  readonly callee: Callee<Req, Res> | null
  /** How many calls were given up that the runtime still works on. @default 0 */
  readonly givenUp?: number
  /** Set by the sender of the calls: called when the runtime has ended one of them. @default nothing */
  onReleased?: (() => void) | undefined
}

/**
 * The key of the method that gives an aggregate the endpoint of a runtime of this library. It is not registered, so two
 * copies of the library use each other's runtimes by `call`.
 */
export const ENDPOINT: unique symbol = Symbol('cutover.endpoint')

/** A runtime that has an endpoint. */
export interface Direct<Req, Res> {
  /**
   * Returns the endpoint, for the whole life of the runtime. It is open from the moment the runtime emits `started`.
   *
   * @param tables - the tables of the calls that the caller sends; the runtime rejects lost calls in them
   */
  [ENDPOINT](...tables: CallsInFlight<Res>[]): Endpoint<Req, Res>
}

/** The endpoint of a runtime, if it is one of this library. */
export function endpointOf<Req, Res>(
  runtime: Runtime<Req, Res> & Partial<Direct<Req, Res>>,
  ...tables: CallsInFlight<Res>[]
): Endpoint<Req, Res> | undefined {
  return runtime[ENDPOINT]?.(...tables)
}
