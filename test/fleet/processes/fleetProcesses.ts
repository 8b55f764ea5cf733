/** A fleet of processes on a real nats-server, and what can go wrong with it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isCutoverError } from 'cutover'
import { type Fleet, type FleetRevision, openFleet, type Wanted, type WaveOptions } from 'cutover/fleet'
import { placeOf, sizeOf } from '../../../src/fleet/decisions/order.js'
import { NatsServer } from '../natsServer.js'
import { NodeProcess, type NodeSettings } from './nodeProcess.js'
import { CuttableProxy } from './proxy.js'

/** How often an operator tries again; each time NATS gets 5 s to answer. */
const TRIES = 5

type Timing = Pick<NodeSettings, 'heartbeat' | 'heartbeatTimeout' | 'senders' | 'pause'>

export interface FleetProcessesOptions extends Timing {
  readonly fleet: string
  readonly count: number
  /** How far the wall clock of each node is wrong, in ms. */
  readonly skewOf?: (index: number) => number
}

export class FleetProcesses implements AsyncDisposable {
  readonly server: NatsServer
  readonly nodes: NodeProcess[] = []
  readonly proxies = new Map<string, CuttableProxy>()
  operator!: Fleet
  readonly #folder: string
  readonly #waiting = new Set<() => void>()

  private constructor(server: NatsServer, folder: string) {
    this.server = server
    this.#folder = folder
  }

  /** Starts the server and the nodes `n1`, `n2`, and so on, and waits until all may judge. */
  static async start({ fleet, count, skewOf = () => 0, ...timing }: FleetProcessesOptions): Promise<FleetProcesses> {
    const server = await NatsServer.start()
    const folder = await mkdtemp(join(tmpdir(), 'fleet-'))
    const all = new FleetProcesses(server, folder)
    for (let n = 0; n < count; n++) {
      const node = `n${n + 1}`
      const proxy = await CuttableProxy.start(() => server.port)
      all.proxies.set(node, proxy)
      const settings = { url: proxy.url, fleet, node, folder, skew: skewOf(n), ...timing }
      all.nodes.push(new NodeProcess(settings, () => all.#tell()))
    }
    const { heartbeat, heartbeatTimeout } = timing
    all.operator = await openFleet({ connection: await server.connect(), fleet, heartbeat, heartbeatTimeout })
    await all.until(() => all.nodes.every(({ snapshot }) => snapshot?.link === 'judging'))
    return all
  }

  /** Resolves when it is so, as the nodes tell. @throws Error a node has ended by itself, or it takes longer than `limit` ms */
  until(is: () => boolean, limit = 300_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer)
        this.#waiting.delete(check)
        act()
      }
      const check = () => {
        const died = this.nodes.find(({ stderr }) => stderr !== '')
        if (died !== undefined) settle(() => reject(new Error(`${died.name}: ${died.stderr}`)))
        else if (is()) settle(resolve)
      }
      const late = () => reject(new Error(`It took longer than ${limit} ms.\n${this.summary}`))
      const timer = setTimeout(() => settle(late), limit)
      this.#waiting.add(check)
      check()
    })
  }

  /** Forgets what the nodes have told. */
  forget(): void {
    for (const node of this.nodes) node.told = []
  }

  node(name: string): NodeProcess {
    const found = this.nodes.find(node => node.name === name)
    if (found === undefined) throw new Error(`There is no node ${name}.`)
    return found
  }

  /** The names of the nodes by wave, from 0. */
  waveOf(version: string, percents: readonly number[]): ReadonlyMap<string, number> {
    const names = this.nodes.map(({ name }) => name)
    names.sort((a, b) => placeOf(a, version) - placeOf(b, version))
    return new Map(
      names.map((name, at) => [name, percents.findIndex(percent => at < sizeOf(percent, names.length))] as const),
    )
  }

  /** Deploys as an operator does who tries again when NATS does not answer. */
  deploy(version: string, waves: readonly WaveOptions[]): Promise<Wanted> {
    let force = false
    return this.#again(() => {
      const ordered = this.operator.deploy(version, { waves, force })
      // It may have been written.
      force = true
      return ordered
    })
  }

  /** The revisions of the record since an epoch, oldest first. */
  async since(epoch: number): Promise<readonly (FleetRevision & { readonly wanted: Wanted })[]> {
    const revisions = await this.#again(() => this.operator.history())
    return revisions.flatMap(revision => {
      const { wanted } = revision
      return wanted !== null && wanted.epoch >= epoch ? [{ ...revision, wanted }] : []
    })
  }

  get summary(): string {
    return this.nodes
      .map(({ name, snapshot, told }) => {
        const logs = told.flatMap(each => (each.type === 'log' ? [`    ${each.message} ${each.object}`] : []))
        return [`${name}: ${JSON.stringify(snapshot)}`, ...logs.slice(-5)].join('\n')
      })
      .join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map(node => node.kill()))
    await this.operator?.close()
    await Promise.all([...this.proxies.values()].map(proxy => proxy[Symbol.asyncDispose]()))
    await this.server[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #again<T>(act: () => Promise<T>): Promise<T> {
    for (let left = TRIES; ; left--) {
      try {
        return await act()
      } catch (error) {
        if (left === 0 || !isCutoverError(error, 'CUTOVER_FLEET_UNAVAILABLE')) throw error
      }
    }
  }

  #tell(): void {
    for (const check of [...this.#waiting]) check()
  }
}
