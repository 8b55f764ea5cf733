import type { WebSocket } from 'ws'
import type { CompiledInspectorOptions } from '../options.js'
import { Recorder } from '../recorder/recorder.js'
import { CLOSE, Viewer } from './client.js'
import { Feed } from './cursor.js'
import { Ticker } from './ticker.js'
import { Watches } from './watchedAggregates.js'

/** How often viewers are asked whether they are alive, in ms. */
const PING_PERIOD = 15_000
/** How often the status of watched aggregates is looked at, in ms. */
const STATUS_PERIOD = 100
/** How long messages are written in one turn of the event loop, in ms: the program goes before. */
const TURN = 4

/** All viewers, and what they are sent. */
export class Audience {
  readonly recorder: Recorder
  readonly watches: Watches
  readonly #options: CompiledInspectorOptions
  readonly #viewers = new Set<Viewer>()
  readonly #pings: Ticker
  readonly #statuses: Ticker
  #turn: NodeJS.Immediate | undefined
  #whenEmpty: (() => void)[] = []

  constructor(options: CompiledInspectorOptions) {
    const viewers = this.#viewers
    this.#options = options
    this.recorder = new Recorder(options, {
      get isWatched() {
        return viewers.size > 0
      },
      recorded: () => this.#recorded(),
    })
    this.watches = new Watches(this.recorder)
    this.#pings = new Ticker(options.clock, PING_PERIOD, () => {
      for (const viewer of this.#viewers) viewer.ping()
    })
    this.#statuses = new Ticker(options.clock, STATUS_PERIOD, () => {
      if (this.watches.look()) this.#schedule()
    })
  }

  get isFull(): boolean {
    return this.#viewers.size >= this.#options.maxViewers
  }

  join(socket: WebSocket): void {
    const { clock, logger } = this.#options
    const viewer = new Viewer(socket, new Feed(this.recorder, this.watches), clock, {
      drained: () => this.#schedule(),
      closed: () => this.#leave(viewer),
    })
    this.#viewers.add(viewer)
    logger.debug({ viewers: this.#viewers.size }, 'a viewer has come')
    this.watches.look()
    this.#pings.start()
    this.#statuses.start()
    this.#schedule()
  }

  /** Forgets everything, and ends all viewers. @returns when they are gone */
  close(): Promise<void> {
    clearImmediate(this.#turn)
    this.#turn = undefined
    this.watches.clear()
    this.recorder.clear()
    this.#statuses.stop()
    for (const viewer of this.#viewers) viewer.close(CLOSE.goingAway)
    return new Promise(resolve => {
      if (this.#viewers.size === 0) resolve()
      else this.#whenEmpty.push(resolve)
    })
  }

  #leave(viewer: Viewer): void {
    this.#viewers.delete(viewer)
    this.#options.logger.debug({ viewers: this.#viewers.size }, 'a viewer has gone')
    if (this.#viewers.size > 0) return
    this.#pings.stop()
    this.#statuses.stop()
    for (const resolve of this.#whenEmpty.splice(0)) resolve()
  }

  #recorded(): void {
    if (this.#viewers.size > 0) this.#schedule()
    else this.recorder.actors.forgetBefore(this.recorder.history.tail)
  }

  #schedule(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined
      this.#send()
    }).unref()
  }

  #send(): void {
    this.recorder.settle()
    const end = performance.now() + TURN
    let waiting = [...this.#viewers]
    // One message each, so that no viewer waits for all that another one has to catch up with.
    while (waiting.length > 0 && performance.now() < end) waiting = waiting.filter(viewer => sendNext(viewer))
    if (waiting.length > 0) this.#schedule()
    this.#forget()
  }

  /** No viewer is left with an actor of whose end it was not told. */
  #forget(): void {
    let oldest = this.recorder.history.tail
    for (const { feed } of this.#viewers) oldest = Math.min(oldest, feed.place)
    this.recorder.actors.forgetBefore(oldest)
  }
}

/** @returns whether it may have room for more */
function sendNext(viewer: Viewer): boolean {
  const text = viewer.hasRoom ? viewer.feed.next() : undefined
  if (text === undefined) return false
  viewer.send(text)
  return true
}
