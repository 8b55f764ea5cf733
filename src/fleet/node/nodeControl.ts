/** Owns the actors of a node of a fleet, and performs their effects on its rollout and on NATS. */
import { randomUUID } from 'node:crypto'
import { ReplaySubject } from 'rxjs'
import { type ActorRefFrom, createActor } from 'xstate'
import {
  type Assignment,
  type FleetEffect,
  type FleetEvent,
  type FleetSnapshot,
  fleetEffects,
  fleetMachine,
  type LastReport,
} from '../../../machines/index.js'
import { inspectSafely, wrapClock } from '../../contract/index.js'
import { type EffectOwner, EffectQueue, performedByOwner, SafeObservable, startOwned } from '../../support/index.js'
import { assignmentFor } from '../decisions/assignment.js'
import { type Decision, decide } from '../decisions/decide.js'
import { FleetLink, type LinkOwner } from '../link/fleetLink.js'
import { Liveness } from '../liveness.js'
import { Observed } from '../observed.js'
import { type NodeEntry, readNodeEntry } from '../record/nodeEntry.js'
import { beatSubject, FleetStore, type Revision, subscription, type Watch } from '../store/index.js'
import { Mover } from './mover.js'
import { type FleetNodeSnapshot, nodeSnapshot } from './nodeSnapshot.js'
import type { CompiledNode } from './options.js'
import { entryOf, type Identity, lastReport } from './report.js'

const machine = fleetMachine.provide({ actions: performedByOwner(fleetEffects) })
const encoder = new TextEncoder()

export class NodeControl<Req, Res> implements EffectOwner<FleetEffect>, LinkOwner {
  readonly effects: EffectQueue
  readonly state$: SafeObservable<FleetNodeSnapshot>
  readonly left: Promise<void>
  readonly #options: CompiledNode<Req, Res>
  readonly #observed = new Observed()
  readonly #liveness: Liveness
  readonly #mover: Mover<Req, Res>
  readonly #actor: ActorRefFrom<typeof machine>
  readonly #link: FleetLink
  readonly #out$ = new ReplaySubject<FleetNodeSnapshot>(1)
  #identity: Identity
  #store: FleetStore | undefined
  /** The entry that this process has written last. */
  #entry: NodeEntry | null = null
  /** The revision at which this process has claimed its entry, and that of its last write. */
  #claimed = 0
  #revision = 0
  #writes: Promise<void> = Promise.resolve()
  /** Resolves when the registration under way has ended, well or not. */
  #opening: Promise<unknown> = Promise.resolve()
  #replacing: Promise<void> | undefined
  #timer: unknown
  #close!: () => void

  constructor(options: CompiledNode<Req, Res>) {
    const { connection, fleet, node, rollout, observe, heartbeat, heartbeatTimeout, logger, inspect, clock } = options
    this.#options = options
    this.#identity = { session: randomUUID(), joined: 0, heartbeatTimeout }
    this.#liveness = new Liveness(heartbeat)
    this.#mover = new Mover(rollout, event => this.#send(event))
    this.left = new Promise(resolve => {
      this.#close = resolve
    })
    this.effects = new EffectQueue({
      decided: () => this.effects.push(() => this.#out$.next(this.snapshot)),
      failed: err => logger.error({ err }, 'an effect of a fleet threw: please report this as a bug of cutover'),
    })
    const name = `${node} of ${fleet}`
    const actor = createActor(machine, {
      id: `fleet ${name}`,
      clock: wrapClock(clock, fn => this.effects.decide(fn)),
      ...inspectSafely(inspect, logger),
    })
    this.#actor = startOwned(actor, this)
    const listenTime = observe ? 2 * heartbeatTimeout : Number.POSITIVE_INFINITY
    this.#link = new FleetLink({ connection, name, clock, logger, inspect, listenTime }, this)
    this.state$ = new SafeObservable(this.#out$, err => logger.error({ err }, 'a subscriber of a fleet node threw'))
    this.#out$.next(this.snapshot)
    this.#timer = clock.setTimeout(() => this.#tick(), heartbeat)
  }

  get snapshot(): FleetNodeSnapshot {
    return nodeSnapshot(this.#options, this.#state, this.#link.snapshot, this.#observed.wanted)
  }

  get #state(): FleetSnapshot {
    return this.#actor.getSnapshot()
  }

  leave(forget: boolean): Promise<void> {
    this.#send({ type: 'leave', forget })
    return this.left
  }

  /** Registers the node, reads the record, and watches both buckets. */
  open(): Promise<readonly Watch[]> {
    const opening = this.#open()
    this.#opening = opening.catch(() => {})
    return opening
  }

  async #open(): Promise<readonly Watch[]> {
    const { connection, fleet, node, observe } = this.#options
    const store = await FleetStore.open(connection, fleet)
    this.#store = store
    this.#observed.restart()
    const last = await this.#register(store)
    const record = await store.wanted()
    const watches: Watch[] = []
    try {
      if (observe) {
        const heard = (subject: string) => this.#liveness.hear(subject.slice(beatSubject(fleet, '').length))
        watches.push(subscription(connection, beatSubject(fleet), heard))
      }
      watches.push(await store.watchNodes(revision => this.#see(revision), observe ? '>' : node))
      watches.push(await store.watchWanted(revision => this.#take(revision)))
    } catch (error) {
      for (const watch of watches) watch.stop()
      throw error
    }
    this.#liveness.restart()
    // Until its first heartbeat is back.
    this.#liveness.hear(node)
    this.#beat()
    if (record !== null) this.#take(record)
    this.#send({ type: 'joined', assignment: this.#assignment, version: this.#mover.version, last })
    return watches
  }

  /** Claims the entry of the node. An earlier process may have left one. */
  async #register(store: FleetStore): Promise<LastReport | null> {
    const { node, logger } = this.#options
    const found = await store.node(node)
    const read = found?.bytes ? readNodeEntry(found.bytes) : null
    if (read?.ok === false) logger.warn({ why: read.why }, 'what an earlier process of this node wrote cannot be read')
    const before = read?.ok ? read.value : null
    this.#identity = { ...this.#identity, joined: before === null ? 0 : before.joined || (found?.revision ?? 0) }
    const isFirst = this.#state.matches('joining')
    if (!isFirst && before !== null && before.session !== this.#identity.session) this.#replaced()
    if (this.#state.status !== 'active') throw new Error('The node has left its fleet.')
    const own = { ...this.#identity, version: this.#mover.version }
    await this.#put(store, isFirst && before !== null ? { ...before, ...own } : this.#current)
    this.#claimed = this.#revision
    return before === null ? null : lastReport(before)
  }

  get #current(): NodeEntry {
    return entryOf(this.#state, this.#identity, this.#entry)
  }

  get #assignment(): Assignment | null {
    const { wanted } = this.#observed
    const { joined } = this.#identity
    return wanted === null ? null : assignmentFor(wanted, { name: this.#options.node, joined })
  }

  changed(): void {
    // The link begins before the constructor has ended.
    if (this.#link === undefined) return
    if (this.#link.isOpen) this.#report()
    this.#out$.next(this.snapshot)
  }

  judge(): void {
    const store = this.#store
    const view = this.#observed.view(this.#liveness)
    const isReady = this.#link.snapshot.matches({ open: 'judging' }) && this.#observed.asOf >= this.#revision
    if (store === undefined || view === null || !isReady || this.#replacing !== undefined) return
    const decision = decide(view)
    if (decision === null) return
    const at = this.#observed.revision
    this.#replacing = this.#replace(store, decision, at).then(
      () => {
        this.#replacing = undefined
        // Entries that it has seen meanwhile were not judged.
        if (this.#observed.revision !== at) this.judge()
      },
      (error: unknown) => {
        this.#replacing = undefined
        this.#link.dropped(error)
      },
    )
  }

  /** Replaces the record, unless another node was faster. */
  async #replace(store: FleetStore, { kind, record }: Decision, at: number): Promise<void> {
    const revision = await store.replaceWanted(record, at)
    if (revision === null) return
    const { version, wave, reason } = record
    const { logger } = this.#options
    const say = kind === 'advanced' ? logger.info : logger.warn
    say({ kind, version, wave, reason }, 'this node has changed the record of its fleet')
    this.#take({ key: '', revision, bytes: encoder.encode(JSON.stringify(record)), created: new Date() })
  }

  perform(effect: FleetEffect): void {
    const { logger } = this.#options
    switch (effect.type) {
      case 'report':
        this.#report()
        break
      case 'move':
        logger.info({ version: effect.assignment.version, role: effect.assignment.role }, 'the fleet moves this node')
        this.#mover.move(effect)
        break
      case 'logRefused':
        logger.error({ why: effect.why }, 'the record of the fleet is refused: the last good one stays in force')
        break
      case 'leave':
        void this.#leave(effect.forget, effect.cancel)
        break
      case 'close':
        this.#end()
        break
    }
  }

  #send(event: FleetEvent): void {
    this.effects.decide(() => {
      if (this.#state.status === 'active') this.#actor.send(event)
    })
  }

  #take(revision: Revision): void {
    if (!this.#observed.takeWanted(revision)) return
    const { refused } = this.#observed
    const assignment = this.#assignment
    if (refused !== null) this.#send({ type: 'refused', why: refused })
    else if (assignment !== null) this.#send({ type: 'assigned', assignment })
    else this.changed()
    this.judge()
  }

  #see(seen: Revision): void {
    this.#observed.takeNode(seen)
    if (seen.key !== this.#options.node) return
    if (seen.revision > this.#claimed) this.#seeOwn(seen)
    // It has the newest facts: its own.
    this.judge()
  }

  #seeOwn({ bytes }: Revision): void {
    const read = bytes === null ? null : readNodeEntry(bytes)
    if (read === null) {
      if (!this.#state.matches('leaving')) this.#link.dropped(new Error('The registration of this node was removed.'))
    } else if (!read.ok || read.value.session !== this.#identity.session) {
      this.#replaced()
    }
  }

  #replaced(): void {
    const why = 'Another process has joined under the name of this node.'
    this.#options.logger.error({}, why)
    this.#send({ type: 'replaced', why })
  }

  #tick(): void {
    const { clock, heartbeat, heartbeatTimeout, node, observe } = this.#options
    this.#timer = clock.setTimeout(() => this.#tick(), heartbeat)
    this.#liveness.tick()
    if (this.#link.isOpen) this.#beat()
    this.#link.tick(!observe || this.#liveness.isAlive(node, heartbeatTimeout))
  }

  #beat(): void {
    const { connection, fleet, node, rollout } = this.#options
    try {
      connection.publish(beatSubject(fleet, node), rollout.status().state)
    } catch (error) {
      this.#link.dropped(error)
    }
  }

  /** Writes the entry of this node, if it has changed since. */
  #report(): void {
    this.#writes = this.#writes.then(async () => {
      const store = this.#store
      if (store === undefined || !this.#link.isOpen) return
      const entry = this.#current
      try {
        if (JSON.stringify(entry) !== JSON.stringify(this.#entry)) await this.#put(store, entry)
      } catch (error) {
        this.#link.dropped(error)
        return
      }
      if (entry.state === 'moving' && entry.key !== null) this.#send({ type: 'announced', key: entry.key })
    })
  }

  async #put(store: FleetStore, entry: NodeEntry): Promise<void> {
    const revision = await store.putNode(this.#options.node, entry)
    this.#revision = revision
    this.#entry = entry
    if (this.#identity.joined === 0) this.#identity = { ...this.#identity, joined: revision }
    // The watch may have been faster.
    this.judge()
  }

  async #leave(forget: boolean, cancel: boolean): Promise<void> {
    const { node, logger } = this.#options
    if (cancel) await this.#mover.cancel()
    // It may be registering just now.
    await this.#opening
    await this.#writes
    const store = this.#store
    try {
      if (store !== undefined && this.#link.isOpen) {
        if (forget) await store.forgetNode(node)
        else await store.putNode(node, this.#current)
      }
    } catch (err) {
      logger.warn({ err }, 'the fleet could not be told that this node leaves')
    }
    this.#send({ type: 'left' })
  }

  #end(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#link.close()
    this.#out$.next(this.snapshot)
    this.#out$.complete()
    this.#actor.stop()
    this.#close()
  }
}
