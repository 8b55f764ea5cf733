/// <reference lib="esnext.disposable" preserve="true" />
import type { Observable } from 'rxjs'
import type { AnyActorRef } from 'xstate'
import type { VersionPair } from '../../machines/index.js'
import {
  type Aggregate,
  type AggregateMetrics,
  type AggregateOptions,
  type AggregateStatus,
  CONTAINS,
  contains,
  containsItself,
} from '../aggregate/index.js'
import { type Callee, type CallsInFlight, type Direct, ENDPOINT, type Endpoint } from '../calls/index.js'
import {
  type AbortOptions,
  type CallOptions,
  type CapabilityTEE,
  CutoverError,
  canonical,
  type Inspectable,
  invalidOption,
  MAIN_COMPONENT,
  object,
  type Runtime,
  type RuntimeEvent,
  type RuntimeInfo,
  type SetVersionOptions,
  SHOWN_BELOW,
  type VersionLike,
} from '../contract/index.js'
import { Component } from './component.js'
import { noSuchComponent, validComponent } from './componentId.js'
import { type Propagated, Propagation } from './propagation.js'

/**
 * The options of a composite: those of an aggregate, for each of its components. A request for which `propagate` returns true
 * goes to the other components, too, and in each component to the next version.
 */
export interface CompositeOptions<Req = unknown> extends AggregateOptions<Req> {}

/** The status of each component, as plain JSON. */
export interface CompositeStatus {
  /** The id of the composite. */
  readonly id: string
  /** By component. The `id` in it is that of the composite and the component: `oracle/rofl.prices`. */
  readonly components: Readonly<Record<string, AggregateStatus>>
}

/** The figures of each component, as plain JSON. Calls that are propagated to a component count as its own. */
export interface CompositeMetrics {
  /** The id of the composite. */
  readonly id: string
  /** By component. The `id` in it is that of the composite and the component: `oracle/rofl.prices`. */
  readonly components: Readonly<Record<string, AggregateMetrics>>
}

/**
 * A runtime of several components, each an {@link Aggregate} of its own: the main component `ronl`, which answers the calls, and
 * others, `rofl.NAME`. Itself a {@link Runtime}.
 */
export class Composite<Req = unknown, Res = unknown>
  implements Runtime<Req, Res>, Direct<Req, Res>, Inspectable, AsyncDisposable
{
  /** The id of the runtime, which all versions of all components share. */
  readonly id: string
  readonly #options: CompositeOptions<Req>
  readonly #propagation: Propagation<Req>
  readonly #main: Component<Req, Res>
  /** The main one first. */
  readonly #components = new Map<string, Component<Req, Res>>()
  /** The removals that are under way. */
  readonly #leaving = new Set<Promise<void>>()
  /** The actor that an inspector shows above the components: that of a version, if this is one. */
  #parent: AnyActorRef | undefined

  /**
   * Creates a composite whose only component is `ronl`, without versions. It is not started.
   *
   * @throws CutoverError `CUTOVER_INVALID_OPTION`, naming the option and what it got
   */
  constructor(options: CompositeOptions<Req>) {
    this.#options = { ...object('options', options) }
    this.#main = new Component(MAIN_COMPONENT, this.#options)
    this.#components.set(MAIN_COMPONENT, this.#main)
    this.#propagation = new Propagation(this.#options)
    this.id = this.#main.aggregate.id
  }

  /** The ids of the components, `ronl` first, the others in the order in which they were added. */
  components(): string[] {
    return [...this.#components.keys()]
  }

  /** The aggregate of a component; undefined if there is none with this id. */
  component(id: string): Aggregate<Req, Res> | undefined {
    return this.#components.get(id)?.aggregate
  }

  /**
   * Adds a version of a component. The first one makes the component, which is started at once if `ronl` is.
   *
   * @param component - `ronl`, or `rofl.NAME`, the name 3 to 128 letters, digits, `_` and `-`
   * @param version - SemVer; build metadata does not distinguish
   * @param runtime - newly provisioned, with the id of the composite
   * @throws CutoverError `CUTOVER_NO_SUCH_COMPONENT` (the id is malformed), and as `Aggregate.addVersion`; then nothing has changed
   */
  addVersion(component: string, version: VersionLike, runtime: Runtime<Req, Res>): void {
    const id = validComponent(component)
    const key = canonical(version)
    if (contains(Object(runtime), this)) throw containsItself(key)
    const existing = this.component(id)
    if (existing === undefined) this.#addComponent(id, key, runtime)
    else existing.addVersion(key, runtime)
  }

  /**
   * Sets the wanted active and next versions of a component, as `Aggregate.setVersion` does.
   *
   * @returns the pair in place once the component has settled
   * @throws CutoverError (rejects) `CUTOVER_NO_SUCH_COMPONENT`, and as `Aggregate.setVersion`; then nothing has changed
   */
  async setVersion(
    component: string,
    active?: VersionLike | null,
    next?: VersionLike | null,
    options?: SetVersionOptions,
  ): Promise<VersionPair> {
    return this.#existing(component).setVersion(active, next, options)
  }

  /**
   * Removes a component: its active and next versions drain and stop. It gets no call from now on, and its id is free at once.
   *
   * @returns when its versions are down
   * @throws CutoverError (rejects) `CUTOVER_NO_SUCH_COMPONENT`, `CUTOVER_INVALID_OPTION` (it is `ronl`); then nothing has changed
   */
  async removeComponent(component: string): Promise<void> {
    const aggregate = this.#existing(component)
    if (component === MAIN_COMPONENT) throw invalidOption('component', 'other than "ronl", which stays', component)
    this.#components.delete(component)
    const left = aggregate.dispose()
    this.#leaving.add(left)
    await left
    this.#leaving.delete(left)
  }

  /**
   * Calls `ronl`, as `Aggregate.call` does. If that has answered, a request for which `propagate` returns true also goes to the
   * other components. Nobody waits for their answers, and their failures are logged as warnings.
   *
   * @param options - as for an aggregate. The other components get `key` and `traceparent` of them. A call that names its
   * `version` is not propagated
   * @throws (rejects) as `Aggregate.call`
   */
  call(request: Req, options?: CallOptions): Promise<Res> {
    const propagated = this.#prepare(request, options)
    const answer = this.#main.aggregate.call(request, options)
    if (propagated !== null) this.#propagateAfter(answer, propagated)
    return answer
  }

  /** The events of `ronl`. Hot; completes on `dispose`. */
  watchEvents(): Observable<RuntimeEvent> {
    return this.#main.aggregate.watchEvents()
  }

  /** Starts all components. A second call does nothing. @throws CutoverError `CUTOVER_DISPOSED` */
  start(): void {
    for (const { aggregate } of this.#components.values()) aggregate.start()
  }

  /** Stops all components at the same time, as `Aggregate.stop` does. @returns when all are down */
  async stop(): Promise<void> {
    await this.#all(aggregate => aggregate.stop())
  }

  /** Stops all components for good, as `Aggregate.dispose` does. A second call joins the first. @returns when all are down */
  async dispose(): Promise<void> {
    await this.#all(aggregate => aggregate.dispose())
  }

  /** For `await using`: the same as {@link dispose}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  /** The active version of `ronl`. @throws CutoverError `CUTOVER_NO_ACTIVE_VERSION` */
  getActiveVersion(): string {
    return this.#main.aggregate.getActiveVersion()
  }

  /** Asks the active runtime of `ronl` for its info. @throws (rejects) as `Aggregate.getInfo` */
  getInfo(options?: CallOptions): Promise<RuntimeInfo> {
    return this.#main.aggregate.getInfo(options)
  }

  /** The capability of the active runtime of `ronl`, if it has one. @throws CutoverError `CUTOVER_NO_ACTIVE_VERSION` */
  getCapabilityTEE(): CapabilityTEE | undefined {
    return this.#main.aggregate.getCapabilityTEE()
  }

  /** Asks the active and the next runtime of all components to renew their capability. */
  updateCapabilityTEE(): void {
    for (const { aggregate } of this.#components.values()) aggregate.updateCapabilityTEE()
  }

  /** Asks the active runtime of `ronl` to interrupt its work, or, with `force`, to restart. @throws (rejects) as `Aggregate.abort` */
  abort(options?: AbortOptions): Promise<void> {
    return this.#main.aggregate.abort(options)
  }

  /** The current state and the wanted pair of each component, as plain JSON. */
  status(): CompositeStatus {
    return { id: this.id, components: this.#each(aggregate => aggregate.status()) }
  }

  /** How many calls each version of each component got, and how they ended, as plain JSON. */
  metrics(): CompositeMetrics {
    return { id: this.id, components: this.#each(aggregate => aggregate.metrics()) }
  }

  /** @internal For an aggregate that contains this composite: past the queue of `ronl`. */
  [ENDPOINT](...tables: CallsInFlight<Res>[]): Endpoint<Req, Res> {
    const { aggregate } = this.#main
    const main = aggregate[ENDPOINT](...tables)
    const direct: Callee<Req, Res> = {
      call: (request, options) => {
        const propagated = this.#prepare(request, options)
        // The function `propagate` may have stopped it.
        const answer = (main.callee ?? aggregate).call(request, options)
        if (propagated !== null) this.#propagateAfter(answer, propagated)
        return answer
      },
    }
    return {
      get callee() {
        return main.callee === null ? null : direct
      },
    }
  }

  /** @internal For an aggregate that contains this composite, and has an inspector. */
  [SHOWN_BELOW](parent: AnyActorRef): void {
    this.#parent = parent
    for (const { aggregate } of this.#components.values()) aggregate[SHOWN_BELOW](parent)
  }

  /** @internal Whether the runtime is this composite, or in it, at any depth. */
  [CONTAINS](runtime: unknown): boolean {
    return runtime === this || [...this.#components.values()].some(({ aggregate }) => contains(aggregate, runtime))
  }

  #prepare(request: Req, options: CallOptions | undefined): Propagated<Req> | null {
    return this.#components.size > 1 ? this.#propagation.prepare(request, options) : null
  }

  /** Sends the request to the other components that there are once `ronl` has answered, before its caller gets the answer. */
  #propagateAfter(answer: Res | Promise<Res>, { request, options }: Propagated<Req>): void {
    const send = () => {
      for (const component of this.#components.values()) {
        if (component !== this.#main) component.propagate(request, options)
      }
    }
    Promise.resolve(answer).then(send, () => {})
  }

  #addComponent(id: string, version: string, runtime: Runtime<Req, Res>): void {
    const { state } = this.#main.aggregate.status()
    if (state === 'disposing' || state === 'disposed') {
      throw new CutoverError('CUTOVER_DISPOSED', 'The composite was disposed of; make a new one.')
    }
    const component = new Component<Req, Res>(id, this.#options)
    const { aggregate } = component
    if (this.#parent !== undefined) aggregate[SHOWN_BELOW](this.#parent)
    try {
      aggregate.addVersion(version, runtime)
    } catch (error) {
      void aggregate.dispose()
      throw error
    }
    this.#components.set(id, component)
    if (state === 'running') aggregate.start()
  }

  #existing(component: string): Aggregate<Req, Res> {
    const aggregate = this.component(validComponent(component))
    if (aggregate === undefined) throw noSuchComponent(component)
    return aggregate
  }

  async #all(end: (aggregate: Aggregate<Req, Res>) => Promise<void>): Promise<void> {
    await Promise.all([...[...this.#components.values()].map(({ aggregate }) => end(aggregate)), ...this.#leaving])
  }

  #each<T>(read: (aggregate: Aggregate<Req, Res>) => T): Record<string, T> {
    return Object.fromEntries([...this.#components].map(([id, { aggregate }]) => [id, read(aggregate)]))
  }
}
