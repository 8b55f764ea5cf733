/** A fleet, as its operators see it: they deploy versions, pause, resume and halt, and see how it goes. */
/// <reference lib="esnext.disposable" preserve="true" />
import type { Observable } from 'rxjs'
import { text, type VersionLike } from '../../contract/index.js'
import { deployed, haltedBy, paused, resumed } from '../decisions/orders.js'
import type { Wanted } from '../record/wanted.js'
import { FleetControl } from './fleetControl.js'
import { compileDeployment, compileOpen, type DeployOptions, type OpenFleetOptions } from './options.js'
import type { FleetRevision, FleetStatus } from './status.js'

/**
 * A fleet, as its operators see it: {@link openFleet} makes it.
 *
 * Each order reads the record, and replaces it only if nobody else has meanwhile. All reject with CutoverError
 * `CUTOVER_FLEET_UNAVAILABLE` (NATS does not answer, or refuses the permission), `CUTOVER_FLEET_RECORD` (the record cannot be read).
 */
export interface Fleet extends AsyncDisposable {
  /**
   * Deploys a version: opens its first wave. Does not wait for the nodes: see {@link status} and {@link watch}. With `force` it also
   * takes the place of a damaged record.
   *
   * @returns the record that it has written
   * @throws (rejects) CutoverError `CUTOVER_INVALID_VERSION`, `CUTOVER_INVALID_OPTION`, `CUTOVER_FLEET_STATE` (another version is under
   * way, or no node is registered)
   */
  deploy(version: VersionLike, options?: DeployOptions): Promise<Wanted>
  /** Lets no node begin, and no wave open. Nodes that have begun go on. @throws (rejects) CutoverError `CUTOVER_FLEET_STATE` */
  pause(): Promise<Wanted>
  /** Ends a pause. @throws (rejects) CutoverError `CUTOVER_FLEET_STATE` */
  resume(): Promise<Wanted>
  /** Takes all nodes back to the version before, at once. @throws (rejects) CutoverError `CUTOVER_FLEET_STATE` (nothing is under way) */
  halt(reason: string): Promise<Wanted>
  /** Removes the registration of a node that will not be back. A live node registers again by itself. */
  forget(node: string): Promise<void>
  /** Where the fleet stands. */
  status(): Promise<FleetStatus>
  /** The last revisions of the record, up to 64, oldest first. */
  history(): Promise<readonly FleetRevision[]>
  /** Emits the status at once, and when it has changed, at most every 100 ms. Completes with {@link close}. */
  watch(): Observable<FleetStatus>
  /** Stops watching. The connection stays yours. */
  close(): Promise<void>
}

/**
 * Opens a fleet for its operators. It creates the buckets of the fleet if they are missing, and hears the nodes from now on.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`; (rejects) `CUTOVER_FLEET_UNAVAILABLE`: NATS does not answer, or refuses the permission
 */
export async function openFleet(options: OpenFleetOptions): Promise<Fleet> {
  const control = await FleetControl.open(compileOpen(options))
  const close = async () => control.close()
  return {
    async deploy(version, options = {}) {
      const deployment = compileDeployment(version, options)
      return control.replace((wanted, nodes, asOf) => deployed(wanted, deployment, nodes, asOf), deployment.force)
    },
    pause: () => control.replace(paused),
    resume: () => control.replace(resumed),
    async halt(reason) {
      const why = text('reason', reason)
      return control.replace(wanted => haltedBy(wanted, why))
    },
    forget: node => control.forget(node),
    status: () => control.status(),
    history: () => control.history(),
    watch: () => control.status$,
    close,
    [Symbol.asyncDispose]: close,
  }
}
