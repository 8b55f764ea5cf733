import { type Callee, CallQueue, type CallsInFlight, type Endpoint } from '../../calls/index.js'
import { type CallOptions, type Clock, CutoverError, type Logger } from '../../contract/index.js'
import { flowOf } from '../../streams/index.js'
import { fnv1a } from '../../support/index.js'
import { broadcastTo } from './broadcast.js'
import type { Instance } from './instance.js'

export interface PoolCallsOptions {
  readonly version: string
  readonly concurrency: number
  readonly waitTimeout: number
  readonly maxWaitingCalls: number
  readonly broadcast: ((request: unknown) => boolean) | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/** In place of the hash of a key, for a call without one. */
const NO_KEY = -1

/**
 * Chooses the instance for each call: by its key, else the one with the fewest calls in flight, ties in turn. While all have
 * `concurrency` calls, further ones wait.
 *
 * A call in the queue can never be sent where it waits. So a new call that finds room overtakes none.
 */
export class PoolCalls<Req, Res> implements Endpoint<Req, Res>, Callee<Req, Res> {
  readonly #instances: readonly Instance<Req, Res>[]
  readonly #options: PoolCallsOptions
  readonly #queue: CallQueue<Req, Res>
  /**
   * The only instance, if the pool has no choice to make and the instance rejects its lost calls itself. Then its calls need no table in
   * the pool, because its death rejects all calls of the pool: that saves a promise per call.
   */
  readonly #sole: Instance<Req, Res> | undefined
  /** This object while the pool is running. */
  #callee: Callee<Req, Res> | null = null
  /** Called when an instance has ended a call, for a pool around this one. */
  onReleased: (() => void) | undefined
  /** Where the search for the least loaded instance begins. */
  #turn = 0

  constructor(instances: readonly Instance<Req, Res>[], options: PoolCallsOptions) {
    this.#instances = instances
    this.#options = options
    const { version, clock, concurrency, broadcast, waitTimeout, maxWaitingCalls } = options
    const hasChoice = instances.length > 1 || concurrency !== Number.POSITIVE_INFINITY || broadcast !== undefined
    this.#sole = hasChoice ? undefined : instances.find(({ rejectsLost }) => rejectsLost)
    this.#queue = new CallQueue({
      timeout: waitTimeout,
      max: maxWaitingCalls,
      clock,
      timedOut: () =>
        new CutoverError(
          'CUTOVER_POOL_BUSY',
          `No instance of version ${version} had room for the call within ${waitTimeout} ms (waitTimeout). Raise size, concurrency or waitTimeout.`,
          { version },
        ),
      tooMany: () =>
        new CutoverError(
          'CUTOVER_TOO_MANY_WAITING_CALLS',
          `${maxWaitingCalls} calls are already waiting for room in the pool of version ${version}. Call less often, or raise maxWaitingCalls.`,
          { version },
        ),
    })
  }

  get callee(): Callee<Req, Res> | null {
    if (this.#sole !== undefined) return this.#callee && this.#sole.callee
    return this.#callee !== null && this.hasOpen ? this.#callee : null
  }

  /** Whether an instance takes calls. */
  get hasOpen(): boolean {
    for (const instance of this.#instances) if (instance.isOpen) return true
    return false
  }

  /** How many calls were given up that instances still work on. */
  get givenUp(): number {
    return this.#instances.reduce((sum, instance) => sum + instance.givenUp, 0)
  }

  /** How many calls wait for room. */
  get waiting(): number {
    return this.#queue.size
  }

  /** The tables of the calls that are sent here. */
  useTables(tables: readonly CallsInFlight<Res>[]): void {
    this.#sole?.shareTables(tables)
  }

  open(): void {
    this.#callee = this
  }

  /** Refuses calls from now on. Those that wait for room wait on. */
  close(): void {
    this.#callee = null
  }

  rejectWaiting(error: Error): void {
    this.#queue.rejectAll(error)
  }

  call(request: Req, options: CallOptions | undefined): Promise<Res> {
    const { broadcast } = this.#options
    if (broadcast !== undefined && this.#isForAll(broadcast, request)) {
      const open = this.#instances.filter(({ isOpen }) => isOpen)
      if (open.length > 0) return broadcastTo(open, request, options)
    }
    const key = options?.key ?? undefined
    const hash = key === undefined ? NO_KEY : fnv1a(key) >>> 0
    const instance = this.#choose(hash)
    return instance === null ? this.#queue.add(request, options, hash) : instance.send(request, options)
  }

  /** Sends the waiting calls for which an instance has room. */
  release(): void {
    if (this.#callee === null) return
    for (const instance of this.#instances) this.releaseTo(instance)
  }

  /** Sends waiting calls to an instance that has room for more. */
  releaseTo(instance: Instance<Req, Res>): void {
    if (this.#queue.size === 0 || this.#callee === null) return
    this.#queue.flush(
      (_, hash) => {
        if (!this.#hasRoom(instance)) return false
        return hash === NO_KEY || this.#ownerOf(hash) === instance ? true : undefined
      },
      (request, options) => instance.send(request, options),
    )
  }

  #hasRoom(instance: Instance<Req, Res>): boolean {
    return instance.load < this.#options.concurrency && instance.isOpen
  }

  /** The instance that a call goes to now; null if it has to wait. */
  #choose(hash: number): Instance<Req, Res> | null {
    if (hash === NO_KEY) return this.#leastLoaded()
    const owner = this.#ownerOf(hash)
    return owner !== null && this.#hasRoom(owner) ? owner : null
  }

  #leastLoaded(): Instance<Req, Res> | null {
    const instances = this.#instances
    const { length } = instances
    let best: Instance<Req, Res> | null = null
    let fewest = this.#options.concurrency
    for (let i = 0; i < length; i++) {
      const turn = this.#turn + i
      const instance = instances[turn < length ? turn : turn - length] as Instance<Req, Res>
      const { load } = instance
      if (load >= fewest || !instance.isOpen) continue
      best = instance
      fewest = load
      if (load === 0) break
    }
    if (best !== null) this.#turn = best.number + 1 < length ? best.number + 1 : 0
    return best
  }

  /** The open instance that calls with this key go to. */
  #ownerOf(hash: number): Instance<Req, Res> | null {
    let owner: Instance<Req, Res> | null = null
    let largest = -1
    for (const instance of this.#instances) {
      const weight = instance.weightOf(hash)
      if (weight <= largest || !instance.isOpen) continue
      owner = instance
      largest = weight
    }
    return owner
  }

  /** A stream has one reader, so it goes to one instance. */
  #isForAll(broadcast: (request: unknown) => boolean, request: Req): boolean {
    if (flowOf(request) !== undefined) return false
    try {
      return broadcast(request) === true
    } catch (err) {
      this.#options.logger.warn({ err }, 'the option broadcast threw: the call goes to one instance')
      return false
    }
  }
}
