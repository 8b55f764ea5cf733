import type { CallOptions } from '../contract/index.js'
import type { Callee } from './callee.js'

const SETTLED = Promise.resolve()

/** More unused slots than this are not kept. */
const MAX_SPARE = 256

/**
 * The calls in flight on one version. Each has one promise around the runtime's, because {@link rejectAll} must be able to
 * reject a call that the runtime never settles.
 *
 * The first `count` slots hold the calls in flight, in no order. The others are reused, so that a call allocates no closures.
 * The cost of a call does not depend on how many are in flight.
 */
export class CallsInFlight<Res> {
  /** How many calls are in flight. */
  count = 0
  readonly #slots: Slot<Res>[] = []
  #onEmpty: (() => void) | null = null

  /** How many unused slots are kept. */
  get spare(): number {
    return this.#slots.length - this.count
  }

  /**
   * Sends a call and passes on its answer or error. If the callee throws, the call rejects.
   *
   * A callee may recurse without end, and then any function call can overflow the stack. So once the call counts as in
   * flight, only the callee and built-ins run here. A closure would cost every call, so there is none.
   *
   * @throws RangeError if the stack is full; then nothing was sent
   */
  track<Req>(callee: Callee<Req, Res>, request: Req, options: CallOptions | undefined): Promise<Res> {
    const index = this.count
    const slot = this.#slots[index] ?? this.#addSlot(index)
    const promise = new Promise(slot.executor)
    // The stack had no room for `executor`: the promise has rejected with that RangeError.
    if (slot.resolve === ignore) return promise
    this.count = index + 1
    try {
      const answer = callee.call(request, options)
      // A subclass of Promise may settle twice, so only a plain promise gets the slot's functions.
      const isPlain = answer instanceof Promise && answer.constructor === Promise
      if (isPlain) answer.then(slot.onValue, slot.onError)
      else Promise.resolve(answer).then(slot.onValue, slot.onError)
    } catch (error) {
      // On a stack of its own: Node.js reports a promise that rejects on a full stack as unhandled.
      SETTLED.then(slot.onError.bind(undefined, error))
    }
    return promise
  }

  /** Calls `callback` once, as soon as no call is in flight; at once if there is none. */
  whenEmpty(callback: () => void): void {
    if (this.count === 0) callback()
    else this.#onEmpty = callback
  }

  /** Rejects every call in flight. Later answers of the runtime are dropped. */
  rejectAll(error: Error): void {
    const rejected = this.#slots.splice(0, this.count)
    this.#slots.forEach((slot, index) => {
      slot.index = index
    })
    this.count = 0
    for (const slot of rejected) slot.reject(error)
    this.#reportEmpty()
  }

  /** Only for {@link Slot}: the last slot in use moves to where this one was. */
  remove(slot: Slot<Res>): void {
    const slots = this.#slots
    const end = --this.count
    const last = slots[end] as Slot<Res>
    if (last !== slot) {
      slots[slot.index] = last
      last.index = slot.index
      slots[end] = slot
      slot.index = end
    }
    if (this.spare > MAX_SPARE) slots.pop()
    if (end === 0 && this.#onEmpty !== null) this.#reportEmpty()
  }

  #reportEmpty(): void {
    const callback = this.#onEmpty
    this.#onEmpty = null
    callback?.()
  }

  #addSlot(index: number): Slot<Res> {
    const slot = new Slot(this, index)
    this.#slots.push(slot)
    return slot
  }
}

/** Holds the promise of one call after another. */
class Slot<Res> {
  index: number
  resolve: (value: Res) => void = ignore
  #reject: (error: unknown) => void = ignore
  /** The executor of the call's promise. */
  readonly executor: (resolve: (value: Res) => void, reject: (error: unknown) => void) => void
  readonly onValue: (value: Res) => void
  readonly onError: (error: unknown) => void

  constructor(calls: CallsInFlight<Res>, index: number) {
    this.index = index
    this.executor = (resolve, reject) => {
      this.resolve = resolve
      this.#reject = reject
    }
    this.onValue = value => {
      const resolve = this.resolve
      if (resolve === ignore) return
      this.#clear()
      resolve(value)
      calls.remove(this)
    }
    this.onError = error => {
      const reject = this.#reject
      if (reject === ignore) return
      this.#clear()
      reject(error)
      calls.remove(this)
    }
  }

  /** Rejects the call before its runtime settles it. The slot is not reused, because the runtime may still settle it. */
  reject(error: Error): void {
    const reject = this.#reject
    this.#clear()
    reject(error)
  }

  /** Drops the functions of a settled promise: it is not kept alive and cannot settle again. */
  #clear(): void {
    this.resolve = ignore
    this.#reject = ignore
  }
}

function ignore(): void {}
