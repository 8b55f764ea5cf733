import type { RuntimeEvent } from 'cutover'
import type { Command } from './command.js'
import { expectedOf, type Place } from './hostEvents.js'
import { configUpdatedReceived, eventReceived, swapTold } from './invariants.js'
import type { World } from './world.js'

/** The subscribers of an aggregate. Checks and counts the events that they receive. */
export class Subscribers {
  /** The number of events so far. */
  received = 0
  isCompleted = false
  /** `due` counts the next versions that were started or stopped. */
  readonly configUpdates = { due: 0, received: 0 }
  /** Subscribers that joined later. */
  readonly listeners: { received: number; isCompleted: boolean; readonly since: number }[] = []
  /** The event that must be next, in the middle of a swap. */
  #dueInSwap: RuntimeEvent['type'] | null = null
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    world.aggregate.watchEvents().subscribe({
      next: event => this.#receive(event),
      complete: () => {
        this.isCompleted = true
      },
    })
  }

  /** Adds a subscriber, which performs one command inside each event; without commands it throws inside each event. */
  join(acts: readonly Command<World>[]): void {
    const todo = [...acts]
    const listener = { received: 0, isCompleted: false, since: this.received }
    this.listeners.push(listener)
    this.#world.aggregate.watchEvents().subscribe({
      next: () => {
        listener.received++
        const act = todo.shift()
        if (act !== undefined) this.#world.reenter(act)
        else if (acts.length === 0) throw new Error('a subscriber threw')
      },
      complete: () => {
        listener.isCompleted = true
      },
    })
  }

  #receive(event: RuntimeEvent): void {
    this.#world.look()
    this.received++
    const due = this.#dueInSwap
    if (due !== null) this.#world.check(swapTold, event.type === due)
    const isStandby = event.type === 'stopped' && event.standby === true
    this.#dueInSwap = isStandby ? 'started' : due === 'started' ? 'configUpdated' : null
    if (event.type !== 'configUpdated') return this.#receiveFrom(event)
    this.configUpdates.received++
    this.#world.check(configUpdatedReceived, this.configUpdates)
  }

  #receiveFrom(event: RuntimeEvent & { readonly version?: string }): void {
    const expected = expectedOf(event)
    const places: readonly Place[] = ['due', 'held', 'captured']
    const hosts = this.#world.hosts.filter(({ version }) => version === event.version)
    const place = places.find(place => hosts.some(({ events }) => events.placeOf(expected) === place)) ?? 'nowhere'
    const host = hosts.findLast(({ events }) => place === 'nowhere' || events.placeOf(expected) === place) ?? null
    this.#world.check(eventReceived, { host, place })
    host?.events.receive(expected, place)
  }
}
