import { CallQueue, type QueueLimits } from './callQueue.js'

/** The limits and errors of calls that are pinned to one version (rule 28). */
export interface PinErrors {
  /** The version is neither active nor next, or begins to leave. */
  gone(version: string): Error
  /** The version did not run in time. */
  timedOut(version: string): Error
  /** The error of calls that would wait in vain for this version; undefined if waiting makes sense. */
  hopeless(version: string): Error | undefined
}

/** The calls that wait for one version each, in a queue of their own: none waits for another version. */
export class PinnedCalls<Req, Res> {
  readonly queues = new Map<string, CallQueue<Req, Res>>()
  readonly #limits: QueueLimits
  readonly errors: PinErrors

  constructor(limits: QueueLimits, errors: PinErrors) {
    this.#limits = limits
    this.errors = errors
  }

  get size(): number {
    let size = 0
    if (this.queues.size === 0) return size
    for (const queue of this.queues.values()) size += queue.size
    return size
  }

  /** The queue of a version. It may be empty. */
  of(version: string): CallQueue<Req, Res> {
    const known = this.queues.get(version)
    if (known !== undefined) return known
    const queue = new CallQueue<Req, Res>({ ...this.#limits, timedOut: () => this.errors.timedOut(version) })
    this.queues.set(version, queue)
    return queue
  }

  /** Rejects the calls for all other versions. */
  keepOnly(versions: readonly string[]): void {
    for (const [version, queue] of this.queues) {
      if (versions.includes(version)) continue
      this.queues.delete(version)
      queue.rejectAll(this.errors.gone(version))
    }
  }

  rejectHopeless(): void {
    for (const [version, queue] of this.queues) {
      const error = queue.size === 0 ? undefined : this.errors.hopeless(version)
      if (error !== undefined) queue.rejectAll(error)
    }
  }

  rejectAll(error: Error): void {
    for (const queue of this.queues.values()) queue.rejectAll(error)
  }
}
