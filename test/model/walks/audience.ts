import type { RuntimeEvent } from 'cutover'
import type { Command } from './command.js'
import { expectedOf, type Place } from './hostEvents.js'
import { configUpdatedHeard, eventHeard } from './invariants.js'
import type { World } from './world.js'

/** Subscribers to the events of an aggregate: what they hear is judged, and noted. */
export class Audience {
  /** How many events there were. */
  heard = 0
  isCompleted = false
  /** `due` counts the next versions that were started or torn down. */
  readonly configUpdates = { due: 0, heard: 0 }
  /** Those who joined later. */
  readonly listeners: { heard: number; isCompleted: boolean; readonly since: number }[] = []
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    world.aggregate.watchEvents().subscribe({
      next: event => this.#hear(event),
      complete: () => {
        this.isCompleted = true
      },
    })
  }

  /** One more subscriber, which throws whenever it hears something, or does these things, one an event. */
  join(acts: readonly Command<World>[]): void {
    const todo = [...acts]
    const listener = { heard: 0, isCompleted: false, since: this.heard }
    this.listeners.push(listener)
    this.#world.aggregate.watchEvents().subscribe({
      next: () => {
        listener.heard++
        const act = todo.shift()
        if (act !== undefined) this.#world.reenter(act)
        else if (acts.length === 0) throw new Error('a subscriber threw')
      },
      complete: () => {
        listener.isCompleted = true
      },
    })
  }

  #hear(event: RuntimeEvent): void {
    this.#world.look()
    this.heard++
    if (event.type !== 'configUpdated') return this.#hearOf(event)
    this.configUpdates.heard++
    this.#world.judge(configUpdatedHeard, this.configUpdates)
  }

  #hearOf(event: RuntimeEvent & { readonly version?: string }): void {
    const expected = expectedOf(event)
    const places: readonly Place[] = ['due', 'held', 'captured']
    const hosts = this.#world.hosts.filter(({ version }) => version === event.version)
    const place = places.find(place => hosts.some(({ events }) => events.placeOf(expected) === place)) ?? 'nowhere'
    const host = hosts.findLast(({ events }) => place === 'nowhere' || events.placeOf(expected) === place) ?? null
    this.#world.judge(eventHeard, { host, place })
    host?.events.hear(expected, place)
  }
}
