import type { Runtime } from '../contract/index.js'
import type { Callee } from './callee.js'
import type { CallsInFlight } from './callsInFlight.js'

/** Where calls enter a runtime without passing a queue or a table of its own. */
export interface Endpoint<Req, Res> {
  /** Takes calls at once; null while the runtime is not up. */
  readonly callee: Callee<Req, Res> | null
}

/**
 * The method by which an aggregate gets at the endpoint of a runtime of this library. Not registered: two copies of the
 * library call each other's runtimes by `call`.
 */
export const ENDPOINT: unique symbol = Symbol('cutover.endpoint')

/** A runtime that has an endpoint. */
export interface Direct<Req, Res> {
  /**
   * The endpoint, for as long as the runtime lives. It is open from the moment the runtime says `started`.
   *
   * @param calls - where the caller keeps the calls that it sends there; the runtime rejects in it what it loses
   */
  [ENDPOINT](calls: CallsInFlight<Res>): Endpoint<Req, Res>
}

/** The endpoint of a runtime, if it is one of this library. */
export function endpointOf<Req, Res>(
  runtime: Runtime<Req, Res> & Partial<Direct<Req, Res>>,
  calls: CallsInFlight<Res>,
): Endpoint<Req, Res> | undefined {
  return runtime[ENDPOINT]?.(calls)
}
