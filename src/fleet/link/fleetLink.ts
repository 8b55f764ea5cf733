/** Keeps what a node or an operator has open on NATS, and opens it again when the server has been away. */
import type { NatsConnection, Status } from '@nats-io/transport-node'
import { type ActorRefFrom, createActor } from 'xstate'
import {
  type FleetLinkEffect,
  type FleetLinkEvent,
  type FleetLinkSnapshot,
  fleetLinkEffects,
  fleetLinkMachine,
} from '../../../machines/index.js'
import { asError, type Clock, type Inspection, inspectSafely, type Logger, wrapClock } from '../../contract/index.js'
import { type EffectOwner, EffectQueue, performedByOwner, startOwned } from '../../support/index.js'
import type { Watch } from '../store/index.js'

const machine = fleetLinkMachine.provide({ actions: performedByOwner(fleetLinkEffects) })

/** The times until the next attempt, in ms. Each is drawn at random up to the limit, so that a fleet does not return at once. */
const BACKOFF = { first: 200, longest: 10_000, reconnect: 1_000 } as const

/** The part of a link that its owner does. */
export interface LinkOwner {
  /** Opens what is to be open. The watches end it when they end. */
  open(): Promise<readonly Watch[]>
  /** Called when the link has another state. */
  changed(): void
  /** Judges the fleet. */
  judge(): void
}

export interface LinkOptions {
  readonly connection: NatsConnection
  readonly name: string
  readonly clock: Clock
  readonly logger: Logger
  readonly inspect: Inspection | undefined
  /** How long to listen before judging, in ms; Infinity: never judges. */
  readonly listenTime: number
}

export class FleetLink implements EffectOwner<FleetLinkEffect> {
  readonly effects: EffectQueue
  readonly #options: LinkOptions
  readonly #owner: LinkOwner
  readonly #actor: ActorRefFrom<typeof machine>
  readonly #statuses: AsyncIterable<Status> & { stop?(): void }
  #watches: readonly Watch[] = []
  #told: FleetLinkSnapshot | undefined

  constructor(options: LinkOptions, owner: LinkOwner) {
    const { connection, name, clock, logger, inspect, listenTime } = options
    this.#options = options
    this.#owner = owner
    this.effects = new EffectQueue({
      decided: () => this.#tell(),
      failed: err =>
        logger.error({ err }, 'an effect of the link to a fleet threw: please report this as a bug of cutover'),
    })
    const actor = createActor(machine, {
      id: `link ${name}`,
      input: { listenTime },
      clock: wrapClock(clock, fn => this.effects.decide(fn)),
      ...inspectSafely(inspect, logger),
    })
    this.#actor = actor
    this.#statuses = connection.status()
    void this.#follow()
    this.effects.decide(() => startOwned(actor, this))
  }

  get snapshot(): FleetLinkSnapshot {
    return this.#actor.getSnapshot()
  }

  get isOpen(): boolean {
    return this.snapshot.matches('open')
  }

  /** @param hears - whether the node hears its own heartbeats */
  tick(hears: boolean): void {
    this.#send({ type: 'tick', hears })
  }

  /** Something that is open has failed, or was closed by NATS. */
  dropped(error: unknown): void {
    this.#send({ type: 'dropped', ...this.#fault(error) })
  }

  close(): void {
    this.#send({ type: 'close' })
  }

  perform(effect: FleetLinkEffect): void {
    switch (effect.type) {
      case 'open':
        void this.#open(effect.attempt)
        break
      case 'drop':
        this.#drop()
        break
      case 'judge':
        this.#owner.judge()
        break
      case 'close':
        this.#drop()
        this.#statuses.stop?.()
        this.#actor.stop()
        break
    }
  }

  #send(event: FleetLinkEvent): void {
    this.effects.decide(() => {
      if (this.snapshot.status === 'active') this.#actor.send(event)
    })
  }

  async #open(attempt: number): Promise<void> {
    try {
      const watches = await this.#owner.open()
      if (attempt !== this.snapshot.context.attempt || !this.snapshot.matches('opening')) {
        for (const watch of watches) watch.stop()
        return
      }
      this.#watches = watches
      for (const watch of watches) void this.#await(watch)
      this.#send({ type: 'opened', attempt })
    } catch (error) {
      const { connection, logger, name } = this.#options
      logger.debug(
        { err: error, link: name, closed: connection.isClosed() },
        'the link to the fleet could not be opened',
      )
      this.#send({ type: 'failed', attempt, ...this.#fault(error) })
    }
  }

  async #await(watch: Watch): Promise<void> {
    let cause: unknown = new Error('NATS has ended a watch.')
    try {
      await watch.ended
    } catch (error) {
      cause = error
    }
    if (this.#watches.includes(watch)) this.dropped(cause)
  }

  #drop(): void {
    const watches = this.#watches
    this.#watches = []
    for (const watch of watches) watch.stop()
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#statuses) {
      if (type === 'disconnect') this.#send({ type: 'disconnected', why: 'The connection to NATS is lost.' })
      else if (type === 'close') this.#send({ type: 'disconnected', why: 'The connection to NATS was closed.' })
      else if (type === 'reconnect') this.#send({ type: 'reconnected', wait: Math.random() * BACKOFF.reconnect })
    }
  }

  #fault(error: unknown): { readonly why: string; readonly wait: number } {
    const { failures } = this.snapshot.context
    const limit = Math.min(BACKOFF.longest, BACKOFF.first * 2 ** failures)
    return { why: asError(error).message, wait: Math.random() * limit }
  }

  #tell(): void {
    const { snapshot } = this
    if (snapshot === this.#told) return
    this.#told = snapshot
    this.effects.push(() => this.#owner.changed())
  }
}
