/** A node of a fleet, as its user sees it. */
/// <reference lib="esnext.disposable" preserve="true" />
import type { Observable } from 'rxjs'
import { NodeControl } from './nodeControl.js'
import type { FleetNodeSnapshot } from './nodeSnapshot.js'
import { compileNode, type FleetNodeOptions } from './options.js'

/** A node of a fleet: {@link joinFleet} makes it. */
export interface FleetNode extends AsyncDisposable {
  /** Where the node stands, as plain JSON. */
  readonly snapshot: FleetNodeSnapshot
  /** Emits the {@link snapshot} at once and after each change. Completes when the node has left. */
  readonly state$: Observable<FleetNodeSnapshot>
  /**
   * Leaves the fleet for good, in order: cancels a candidate that is under way, and waits until the version before it serves;
   * removes the registration. The node goes on serving. If NATS is away, the registration stays: an operator forgets it with
   * `forget()`. A second call joins the first. Never rejects.
   */
  leave(): Promise<void>
  /** As {@link leave}, but the node stays registered: its process will be back under the same name. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Makes a service a node of a fleet. From now on, in order: it registers in the buckets of the fleet, which it creates if they are
 * missing; it watches the record of the fleet, and moves by its own rollout to the version that the record has for it; it reports how
 * far it has come. With `observe` it hears the other nodes as well, opens the next wave when the live nodes of the open ones have
 * proved the version, and takes the fleet back when too many have failed.
 *
 * Returns at once. If NATS is away, the node serves on, changes nothing, and tries again with a random backoff.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`, naming the option and what it got
 */
export function joinFleet<Req = unknown, Res = unknown>(options: FleetNodeOptions<Req, Res>): FleetNode {
  const control = new NodeControl(compileNode(options))
  return {
    get snapshot() {
      return control.snapshot
    },
    state$: control.state$,
    leave: () => control.leave(true),
    [Symbol.asyncDispose]: () => control.leave(false),
  }
}
