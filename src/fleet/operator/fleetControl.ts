/** Watches a fleet for its operators, and writes their orders. */
import { filter, firstValueFrom, merge, Observable, Subject, startWith, take } from 'rxjs'
import { asError, type Clock, CutoverError, withoutFullStop } from '../../contract/index.js'
import { SafeObservable } from '../../support/index.js'
import type { SeenNode } from '../decisions/view.js'
import { FleetLink, type LinkOwner } from '../link/fleetLink.js'
import { Liveness } from '../liveness.js'
import { Observed } from '../observed.js'
import { readWanted, type Wanted } from '../record/wanted.js'
import { beatSubject, FleetStore, nodeName, subscription, type Watch } from '../store/index.js'
import type { CompiledOpen } from './options.js'
import { type FleetRevision, type FleetStatus, type ShownNode, statusOf } from './status.js'

/** How often an order is tried again when somebody else was faster. */
const TRIES = 10
/** The status is emitted at most this often, in ms. */
const THROTTLE = 100
/** How long to wait for what NATS has stored already, in ms. */
const CATCH_UP = 5_000

type Order = (wanted: Wanted | null, nodes: readonly SeenNode[], asOf: number) => Wanted

export class FleetControl implements LinkOwner {
  readonly status$: Observable<FleetStatus>
  readonly #options: CompiledOpen
  readonly #observed = new Observed()
  readonly #liveness: Liveness
  /** The state of each node's rollout, by its heartbeats. */
  readonly #rollouts = new Map<string, string>()
  readonly #changes$ = new Subject<void>()
  readonly #link: FleetLink
  #store: FleetStore
  #timer: unknown

  private constructor(options: CompiledOpen, store: FleetStore) {
    const { connection, fleet, clock, logger, heartbeat } = options
    this.#options = options
    this.#store = store
    this.#liveness = new Liveness(heartbeat)
    const failed = (err: unknown) => logger.error({ err }, 'a subscriber of a fleet threw')
    this.status$ = new SafeObservable(
      throttled(this.#changes$, clock, () => this.#status),
      failed,
    )
    const listenTime = Number.POSITIVE_INFINITY
    const name = `operator of ${fleet}`
    this.#link = new FleetLink({ connection, name, clock, logger, inspect: undefined, listenTime }, this)
    this.#timer = clock.setTimeout(() => this.#tick(), heartbeat)
  }

  /** @throws CutoverError (rejects) `CUTOVER_FLEET_UNAVAILABLE` */
  static async open(options: CompiledOpen): Promise<FleetControl> {
    const { connection, fleet, replicas } = options
    const store = await available(fleet, () => FleetStore.open(connection, fleet, replicas))
    const control = new FleetControl(options, store)
    try {
      await control.#caughtUp()
    } catch (error) {
      control.close()
      throw error
    }
    return control
  }

  async open(): Promise<readonly Watch[]> {
    const { connection, fleet, replicas } = this.#options
    const store = await FleetStore.open(connection, fleet, replicas)
    this.#store = store
    this.#observed.restart()
    this.#liveness.restart()
    const heard = (subject: string, rollout: string) => {
      const node = subject.slice(beatSubject(fleet, '').length)
      this.#liveness.hear(node)
      this.#rollouts.set(node, rollout)
      this.#changes$.next()
    }
    const watches: Watch[] = [subscription(connection, beatSubject(fleet), heard)]
    try {
      const changed = () => this.#changes$.next()
      watches.push(
        await store.watchNodes(revision => {
          this.#observed.takeNode(revision)
          if (revision.bytes === null) this.#rollouts.delete(revision.key)
          changed()
        }),
      )
      watches.push(await store.watchWanted(revision => this.#observed.takeWanted(revision) && changed()))
    } catch (error) {
      for (const watch of watches) watch.stop()
      throw error
    }
    return watches
  }

  changed(): void {
    this.#changes$.next()
  }

  judge(): void {}

  close(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#link.close()
    this.#changes$.complete()
  }

  async status(): Promise<FleetStatus> {
    await this.#caughtUp()
    return this.#status
  }

  /**
   * Replaces the record by what an order makes of it, unless somebody else has replaced it meanwhile: then it tries again.
   *
   * @param force - a damaged record counts as the last good one
   */
  async replace(order: Order, force = false): Promise<Wanted> {
    const { fleet } = this.#options
    for (let tried = 0; tried < TRIES; tried++) {
      await this.#caughtUp()
      const { wanted, revision } = await this.#read(force)
      const view = { nodes: this.#nodes, asOf: this.#observed.asOf }
      const record = order(wanted, view.nodes, view.asOf)
      const isWritten = await available(fleet, () => this.#store.replaceWanted(record, revision))
      if (isWritten !== null) return record
    }
    const message = `The record of the fleet ${JSON.stringify(fleet)} changed ${TRIES} times while the order was given. Try again.`
    throw new CutoverError('CUTOVER_FLEET_STATE', message)
  }

  async forget(given: string): Promise<void> {
    const node = nodeName(given)
    await available(this.#options.fleet, () => this.#store.forgetNode(node))
  }

  async history(): Promise<readonly FleetRevision[]> {
    const revisions = await available(this.#options.fleet, () => this.#store.history())
    return revisions.map(({ revision, bytes, created }) => {
      const read = bytes === null ? null : readWanted(bytes)
      const refused = read === null ? 'it was deleted' : read.ok ? null : read.why
      return { revision, at: created.toISOString(), wanted: read?.ok ? read.value : null, refused }
    })
  }

  async #read(force: boolean): Promise<{ readonly wanted: Wanted | null; readonly revision: number }> {
    const { fleet } = this.#options
    const found = await available(fleet, () => this.#store.wanted())
    const revision = found?.revision ?? 0
    if (found === null || found.bytes === null) return { wanted: null, revision }
    const read = readWanted(found.bytes)
    if (read.ok) return { wanted: read.value, revision }
    if (force && !read.isLater) {
      const past = await this.history()
      return { wanted: past.findLast(({ wanted }) => wanted !== null)?.wanted ?? null, revision }
    }
    const remedy = read.isLater ? '' : ' Deploy with force to replace it.'
    const message = `The record of the fleet ${JSON.stringify(fleet)} cannot be read: ${read.why}.${remedy}`
    throw new CutoverError('CUTOVER_FLEET_RECORD', message)
  }

  /** Waits until it has seen all that NATS has stored by now. */
  async #caughtUp(): Promise<void> {
    const { fleet, clock } = this.#options
    await available(fleet, async () => {
      const last = await this.#store.lastOfNodes()
      const record = (await this.#store.wanted())?.revision ?? 0
      const { context } = this.#link.snapshot
      const isThere = () => this.#link.isOpen && this.#observed.asOf >= last && this.#observed.revision >= record
      const late$ = new Observable<void>(subscriber => {
        const timer = clock.setTimeout(
          () => subscriber.error(new Error(context.reason ?? 'it did not answer')),
          CATCH_UP,
        )
        return () => clock.clearTimeout(timer)
      })
      await firstValueFrom(merge(this.#changes$, late$).pipe(startWith(undefined), filter(isThere), take(1)))
    })
  }

  get #nodes(): readonly ShownNode[] {
    const isUnsure = this.#liveness.listened < 2 * this.#options.heartbeatTimeout
    return this.#observed.nodes.map(node => ({
      ...node,
      isAlive: this.#observed.isAlive(node, this.#liveness),
      rollout: this.#rollouts.get(node.name) ?? null,
      isUnsure,
    }))
  }

  get #status(): FleetStatus {
    const { wanted, refused } = this.#observed
    return statusOf(this.#options.fleet, wanted, refused, this.#nodes)
  }

  #tick(): void {
    const { clock, heartbeat } = this.#options
    this.#timer = clock.setTimeout(() => this.#tick(), heartbeat)
    this.#liveness.tick()
    this.#changes$.next()
  }
}

/** @throws CutoverError (rejects) `CUTOVER_FLEET_UNAVAILABLE` */
async function available<T>(fleet: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    const why = withoutFullStop(asError(cause).message)
    const message = `NATS did not do what the fleet ${JSON.stringify(fleet)} needs: ${why}. Check that the server runs, with JetStream, and the permissions of this user.`
    throw new CutoverError('CUTOVER_FLEET_UNAVAILABLE', message, { cause })
  }
}

/** Emits at once, and after changes at most every {@link THROTTLE} ms, if the value is another one. */
function throttled<T>(changes$: Observable<void>, clock: Clock, read: () => T): Observable<T> {
  return new Observable(subscriber => {
    let timer: unknown
    let last = ''
    const emit = () => {
      timer = undefined
      const value = read()
      const text = JSON.stringify(value)
      if (text !== last) subscriber.next(value)
      last = text
    }
    emit()
    const changes = changes$.subscribe({
      next: () => {
        timer ??= clock.setTimeout(emit, THROTTLE)
      },
      complete: () => {
        clock.clearTimeout(timer)
        subscriber.complete()
      },
    })
    return () => {
      clock.clearTimeout(timer)
      changes.unsubscribe()
    }
  })
}
