/** The options of a node of a fleet. */
import type { NatsConnection } from '@nats-io/transport-node'
import {
  boolean,
  type Clock,
  duration,
  type Inspect,
  type Inspection,
  inspection,
  invalidOption,
  type Logger,
  object,
  safeLogger,
  validClock,
  validLogger,
} from '../../contract/index.js'
import { Rollout } from '../../rollout/index.js'
import { validConnection } from '../nats/index.js'
import { fleetName, nodeName } from '../store/index.js'

/** How often a node is heard, in ms. */
export interface HeartbeatOptions {
  /** The time between two heartbeats, in ms. @default 2000 */
  readonly heartbeat?: number | undefined
  /** After how much silence a node counts as dead, in ms; at least twice `heartbeat`. @default 10000 */
  readonly heartbeatTimeout?: number | undefined
}

/** The options of {@link joinFleet}. */
export interface FleetNodeOptions<Req = unknown, Res = unknown> extends HeartbeatOptions {
  /** The open connection that `connect()` of `@nats-io/transport-node` resolves with. It stays yours: close it after `leave()`. */
  readonly connection: NatsConnection
  /** The name of the fleet: 1 to 64 letters, digits and `-`. */
  readonly fleet: string
  /** The name of this node, unique in its fleet: 1 to 128 letters, digits, `_` and `-`, in parts divided by `.`. */
  readonly node: string
  /** The rollout that moves this node. Start it before, so that the node serves also if NATS is away. */
  readonly rollout: Rollout<Req, Res>
  /**
   * Whether this node hears the others, opens waves and halts. In a fleet of more than some hundred nodes, leave that to a few of
   * them. @default true
   */
  readonly observe?: boolean | undefined
  /** Gets the steps of the node, and warnings. @default none */
  readonly logger?: Logger | undefined
  /** A function or an observer that sees every event and snapshot of the statecharts. @default none */
  readonly inspect?: Inspect | undefined
  /** The timers; XState's `SimulatedClock` for tests. @default the system's */
  readonly clock?: Clock | undefined
}

/** {@link FleetNodeOptions}, validated, with the defaults filled in. */
export interface CompiledNode<Req, Res> {
  readonly connection: NatsConnection
  readonly fleet: string
  readonly node: string
  readonly rollout: Rollout<Req, Res>
  readonly observe: boolean
  readonly heartbeat: number
  readonly heartbeatTimeout: number
  readonly logger: Logger
  readonly inspect: Inspection | undefined
  readonly clock: Clock
}

/** @throws CutoverError `CUTOVER_INVALID_OPTION` */
export function compileNode<Req, Res>(given: FleetNodeOptions<Req, Res>): CompiledNode<Req, Res> {
  const options = object('options', given)
  const fleet = fleetName(options.fleet)
  const node = nodeName(options.node)
  const { rollout } = options
  if (!(rollout instanceof Rollout)) throw invalidOption('rollout', 'a Rollout of this library', rollout)
  const connection = validConnection(options.connection)
  const observe = boolean('observe', options.observe, true)
  // An observer that does not hear its own heartbeats takes itself for deaf.
  if (observe && (connection as { readonly options?: { readonly noEcho?: boolean } }).options?.noEcho === true) {
    throw invalidOption('connection', 'one without noEcho, or observe: false', 'a connection with noEcho')
  }
  return {
    connection,
    fleet,
    node,
    rollout,
    observe,
    ...heartbeats(options),
    logger: safeLogger(validLogger(options.logger), { fleet, node }),
    inspect: inspection(options.inspect),
    clock: validClock(options.clock),
  }
}

/** @throws CutoverError `CUTOVER_INVALID_OPTION` */
export function heartbeats(options: HeartbeatOptions): {
  readonly heartbeat: number
  readonly heartbeatTimeout: number
} {
  const heartbeat = duration('heartbeat', options.heartbeat, 2_000)
  if (heartbeat === 0) throw invalidOption('heartbeat', 'above 0 ms', heartbeat)
  const heartbeatTimeout = duration('heartbeatTimeout', options.heartbeatTimeout, Math.max(10_000, 5 * heartbeat))
  if (heartbeatTimeout >= 2 * heartbeat) return { heartbeat, heartbeatTimeout }
  throw invalidOption('heartbeatTimeout', `at least twice the heartbeat of ${heartbeat} ms`, heartbeatTimeout)
}
