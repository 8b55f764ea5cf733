/** The options of an operator of a fleet, and of its orders. */
import type { NatsConnection } from '@nats-io/transport-node'
import {
  boolean,
  type Clock,
  canonical,
  count,
  duration,
  invalidOption,
  type Logger,
  number,
  object,
  positive,
  safeLogger,
  type VersionLike,
  validClock,
  validLogger,
} from '../../contract/index.js'
import type { FleetDeployment } from '../decisions/orders.js'
import { validConnection } from '../nats/index.js'
import { type HeartbeatOptions, heartbeats } from '../node/index.js'
import type { Wave } from '../record/wanted.js'
import { fleetName } from '../store/index.js'

/** The options of {@link openFleet}. The times of heartbeats are those of the nodes. */
export interface OpenFleetOptions extends HeartbeatOptions {
  /** The open connection that `connect()` of `@nats-io/transport-node` resolves with. It stays yours: close it after `close()`. */
  readonly connection: NatsConnection
  /** The name of the fleet: 1 to 64 letters, digits and `-`. */
  readonly fleet: string
  /** On how many servers of a cluster NATS keeps the buckets, if it has to create them. @default 1 */
  readonly replicas?: number | undefined
  /** Gets warnings. @default none */
  readonly logger?: Logger | undefined
  /** The timers; XState's `SimulatedClock` for tests. @default the system's */
  readonly clock?: Clock | undefined
}

export interface CompiledOpen {
  readonly connection: NatsConnection
  readonly fleet: string
  readonly replicas: number
  readonly heartbeat: number
  readonly heartbeatTimeout: number
  readonly logger: Logger
  readonly clock: Clock
}

/** @throws CutoverError `CUTOVER_INVALID_OPTION` */
export function compileOpen(given: OpenFleetOptions): CompiledOpen {
  const options = object('options', given)
  const fleet = fleetName(options.fleet)
  return {
    connection: validConnection(options.connection),
    fleet,
    replicas: positive('replicas', options.replicas, 1),
    ...heartbeats(options),
    logger: safeLogger(validLogger(options.logger), { fleet }),
    clock: validClock(options.clock),
  }
}

/** One wave of a deployment. */
export interface WaveOptions {
  /** The share of the registered nodes that run the version once this wave has opened, in percent, above 0; at least one node. */
  readonly percent: number
  /**
   * How long each node of the wave keeps the version before it as standby, in ms, before it counts as proven. @default as long as
   * the plan of its own rollout says
   */
  readonly soak?: number | undefined
}

/** The options of `deploy()`. */
export interface DeployOptions {
  /** The waves; their percentages rise, and the last one is 100. @default 1, 10, 50 and 100 percent */
  readonly waves?: readonly WaveOptions[] | undefined
  /** How many nodes of the open waves may fail before the fleet is halted. @default 0 */
  readonly maxFailed?: number | undefined
  /** The version to go back to. @default the one that is permanent in the fleet; before its first record, the one that all nodes run; required if they run different ones */
  readonly previous?: VersionLike | undefined
  /** If another version is under way: takes its place. @default false */
  readonly force?: boolean | undefined
}

const WAVES: readonly WaveOptions[] = [{ percent: 1 }, { percent: 10 }, { percent: 50 }, { percent: 100 }]

/** @throws CutoverError `CUTOVER_INVALID_VERSION`, `CUTOVER_INVALID_OPTION` */
export function compileDeployment(version: VersionLike, given: DeployOptions): FleetDeployment {
  const { waves, maxFailed, previous, force } = object('options', given)
  return {
    version: canonical(version),
    waves: compileWaves(waves ?? WAVES),
    maxFailed: count('maxFailed', maxFailed, 0),
    previous: previous === undefined ? undefined : canonical(previous, 'previous'),
    force: boolean('force', force, false),
  }
}

function compileWaves(given: readonly WaveOptions[]): readonly Wave[] {
  if (!Array.isArray(given) || given.length === 0) throw invalidOption('waves', 'an array of one wave or more', given)
  const waves = (given as readonly WaveOptions[]).map((wave, at) => {
    const { percent, soak } = object(`waves[${at}]`, wave)
    const share = number(`waves[${at}].percent`, percent, Number.NaN, Number.MIN_VALUE, 100)
    return { percent: share, soak: soak === undefined ? null : duration(`waves[${at}].soak`, soak, 0) }
  })
  const isRising = waves.every(({ percent }, at) => percent > (waves[at - 1]?.percent ?? 0))
  if (isRising && waves.at(-1)?.percent === 100) return waves
  throw invalidOption('waves', 'rising percentages that end with 100', waves.map(({ percent }) => percent).join(', '))
}
