/** Several nodes of one fleet in one process, on a real nats-server and a simulated clock. */
import { Aggregate } from 'cutover'
import {
  type Fleet,
  type FleetNode,
  type FleetNodeOptions,
  type FleetNodeSnapshot,
  type FleetStatus,
  joinFleet,
  openFleet,
} from 'cutover/fleet'
import { Rollout, type RolloutOptions } from 'cutover/rollout'
import { ControllableRuntime, SimulatedClock } from 'cutover/testing'
import { filter, firstValueFrom, Subject } from 'rxjs'
import { type Clock, systemClock } from '../../src/contract/index.js'
import { placeOf } from '../../src/fleet/decisions/order.js'
import { nats } from '../../src/fleet/nats/index.js'
import { TransitionRecorder } from '../model/transitionRecorder.js'
import { patient } from './gated.js'
import type { NatsServer } from './natsServer.js'

type Connection = Awaited<ReturnType<NatsServer['connect']>>
type Runtimes = ControllableRuntime<string, string>

export const HEARTBEAT = 1_000
const HEARTBEAT_TIMEOUT = 3_000

/** The clock of the operator: it waits for NATS for longer than a machine stalls. */
const outlasting: Clock = {
  ...systemClock,
  setTimeout(callback, timeout) {
    return systemClock.setTimeout(callback, timeout === 5_000 ? 30_000 : timeout)
  },
}

export interface BedOptions {
  readonly rollout?: Partial<RolloutOptions<string, string>>
  readonly node?: Partial<FleetNodeOptions<string, string>>
  /** How the operator, and nodes without a connection of their own, connect. */
  readonly connection?: Parameters<NatsServer['connect']>[0]
}

/** A service with a rollout, in a fleet. */
export class BedNode {
  readonly name: string
  readonly rollout: Rollout<string, string>
  readonly aggregate: Aggregate<string, string>
  readonly member: FleetNode
  readonly provisioned: Runtimes[] = []
  readonly logs: string[] = []

  constructor(bed: FleetBed, name: string, { rollout = {}, node = {} }: BedOptions) {
    const { clock, connection, fleet } = bed
    this.name = name
    this.aggregate = new Aggregate<string, string>({ id: 'rules', clock })
    this.rollout = new Rollout<string, string>(this.aggregate, {
      provision: version => this.#provision(version),
      verify: async ({ version }) => {
        if (bed.held.has(version) || bed.held.has(`${version} on ${name}`)) await bed.released()
        if (bed.bad.has(version) || bed.bad.has(`${version} on ${name}`)) throw new Error(`${version} is bad`)
      },
      soak: 0,
      clock,
      ...rollout,
    })
    this.aggregate.start()
    const write = (object: object, message: string) => void this.logs.push(`${message} ${JSON.stringify(object)}`)
    const logger = { debug: () => {}, info: write, warn: write, error: write }
    this.member = joinFleet({
      connection,
      fleet,
      node: name,
      rollout: this.rollout,
      clock,
      logger,
      heartbeat: HEARTBEAT,
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      inspect: event => bed.recorder.inspect(event),
      ...node,
    })
  }

  #provision(version: string): Runtimes {
    const runtime = new ControllableRuntime<string, string>({ id: 'rules', version, autoStart: true, autoStop: true })
    this.provisioned.push(runtime)
    return runtime
  }

  get snapshot(): FleetNodeSnapshot {
    return this.member.snapshot
  }

  /** Resolves when the node is as `is` says. */
  until(is: (snapshot: FleetNodeSnapshot) => boolean): Promise<FleetNodeSnapshot> {
    return firstValueFrom(this.member.state$.pipe(filter(is)))
  }
}

export class FleetBed implements AsyncDisposable {
  readonly server: NatsServer
  readonly fleet: string
  readonly clock = new SimulatedClock()
  readonly nodes: BedNode[] = []
  /** `2.0.0`, and `2.0.0 on n1`: verify rejects these. */
  readonly bad = new Set<string>()
  /** `2.0.0`, and `2.0.0 on n1`: verify of these takes until {@link release}. */
  readonly held = new Set<string>()
  /** The transitions of the machines of all nodes. */
  readonly recorder = new TransitionRecorder()
  readonly #released = new Subject<void>()
  connection!: Connection
  operator!: Fleet

  private constructor(server: NatsServer, fleet: string) {
    this.server = server
    this.fleet = fleet
  }

  /** Opens a fleet with nodes `n1`, `n2`, and so on, that run `1.0.0` and judge. */
  static async open(server: NatsServer, fleet: string, count: number, options: BedOptions = {}): Promise<FleetBed> {
    const bed = new FleetBed(server, fleet)
    bed.connection = patient(await server.connect(options.connection))
    const { connection } = bed
    // Its clock is real, and too slow for a test: whoever was heard is alive.
    bed.operator = await openFleet({ connection, fleet, heartbeat: 100_000, clock: outlasting })
    for (let n = 1; n <= count; n++) await bed.add(`n${n}`, options)
    await bed.listen()
    return bed
  }

  /** Adds a node that runs nothing yet. */
  join(name: string, options: BedOptions = {}): BedNode {
    const node = new BedNode(this, name, options)
    this.nodes.push(node)
    return node
  }

  /** Adds a node that runs 1.0.0. */
  async add(name: string, options: BedOptions = {}): Promise<BedNode> {
    const node = this.join(name, options)
    await node.rollout.to('1.0.0', { verify: () => {} })
    await node.until(({ link }) => link === 'listening' || link === 'judging')
    return node
  }

  /** Ends the verify of what is {@link held}. */
  release(): void {
    this.held.clear()
    this.#released.next()
  }

  async released(): Promise<void> {
    await firstValueFrom(this.#released)
  }

  /** Writes a text in place of the record, as some other program might. */
  async write(text: string): Promise<void> {
    const bucket = await new nats.Kvm(this.connection).open(`cutover_${this.fleet}`)
    await bucket.put('wanted', text)
  }

  /** A new process of a node, whose rollout has saved what the one before it had. */
  rejoin({ name, rollout }: BedNode, options: BedOptions = {}): BedNode {
    const { permanent } = rollout.status()
    const node = this.join(name, options)
    if (permanent !== null) void node.rollout.to(permanent, { verify: () => {} })
    return node
  }

  /** Lets time pass, with its heartbeats: each is heard before the next one. */
  async pass(time: number, connections: readonly Connection[] = [this.connection]): Promise<void> {
    for (let passed = 0; passed < time; passed += HEARTBEAT) {
      this.clock.increment(HEARTBEAT)
      for (const connection of [...connections, ...connections]) await connection.flush()
    }
  }

  /** Lets so much time pass that each node may judge. */
  listen(): Promise<void> {
    return this.pass(2 * HEARTBEAT_TIMEOUT + HEARTBEAT)
  }

  /** The names of the nodes, in the order in which their waves come. */
  inOrder(version: string): string[] {
    const names = this.nodes.map(({ name }) => name)
    return names.sort((a, b) => placeOf(a, version) - placeOf(b, version))
  }

  node(name: string): BedNode {
    const found = this.nodes.find(node => node.name === name)
    if (found === undefined) throw new Error(`There is no node ${name}.`)
    return found
  }

  /** Resolves when every node is as `is` says. */
  async until(is: (snapshot: FleetNodeSnapshot) => boolean): Promise<void> {
    await Promise.all(this.nodes.map(node => node.until(is)))
  }

  /** Resolves when the operator sees the fleet as `is` says. What a node does is told a little later. */
  seen(is: (status: FleetStatus) => boolean): Promise<FleetStatus> {
    return firstValueFrom(this.operator.watch().pipe(filter(is)))
  }

  /** Resolves when a node is as `is` says, while time passes: one that judges too early judges again with its next heartbeat. */
  async inTime({ member }: BedNode, is: (snapshot: FleetNodeSnapshot) => boolean): Promise<void> {
    while (!is(member.snapshot)) await this.pass(HEARTBEAT)
  }

  /** As {@link seen}, while time passes. */
  async seenInTime(is: (status: FleetStatus) => boolean, connections?: readonly Connection[]): Promise<void> {
    while (!is(await this.operator.status())) await this.pass(HEARTBEAT, connections)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map(({ member }) => member[Symbol.asyncDispose]()))
    await this.operator.close()
    await Promise.all(this.nodes.map(({ rollout }) => rollout[Symbol.asyncDispose]()))
    await Promise.all(this.nodes.map(({ aggregate }) => aggregate.dispose()))
    await this.connection.close()
  }
}
