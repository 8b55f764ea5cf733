/** What a call is sent to. */
export interface Callee<Req, Res, Options> {
  call(request: Req, options: Options): Res | Promise<Res>
}

const SETTLED = Promise.resolve()

/** More landed flights than this are not kept for reuse. */
const MAX_SPARE = 256

/**
 * The calls in flight on one runtime. Each has one promise of ours around the runtime's, because {@link rejectAll} must
 * be able to end a call that the runtime never settles.
 *
 * The first `count` slots hold the calls in flight, in no order; the rest are landed and used again, so that a call
 * makes no closures. Taking off and landing cost the same however many there are.
 */
export class Flights<Res> {
  /** How many calls are in flight. */
  count = 0
  readonly #slots: Flight<Res>[] = []
  #onEmpty: (() => void) | null = null

  /** How many landed slots are kept for reuse. */
  get spare(): number {
    return this.#slots.length - this.count
  }

  /**
   * Calls `callee` and hands on its answer or error; a callee that throws rejects.
   *
   * A callee may call us again without end. Any call of a function of ours may then be the one that the stack has no room
   * for, so once the call counts as in flight, nothing but the callee and builtins run here.
   *
   * @throws RangeError if the stack is full; then nothing was sent
   */
  launch<Req, Options>(callee: Callee<Req, Res, Options>, request: Req, options: Options): Promise<Res> {
    const slot = this.count
    const flight = this.#slots[slot] ?? this.#build(slot)
    const promise = new Promise(flight.board)
    // The stack had no room for `board`: the promise rejects with that.
    if (!flight.isBoarded) return promise
    this.count = slot + 1
    try {
      const answer = callee.call(request, options)
      // A subclass may settle twice: only a plain promise is trusted with the slot.
      const isPlain = answer instanceof Promise && answer.constructor === Promise
      if (isPlain) answer.then(flight.onValue, flight.onError)
      else Promise.resolve(answer).then(flight.onValue, flight.onError)
    } catch (error) {
      // From a stack of its own. A promise that rejects on a full one is reported as unhandled by Node.js.
      SETTLED.then(() => flight.onError(error))
    }
    return promise
  }

  /** Calls back, once, as soon as no call is in flight: at once when there is none. */
  whenEmpty(callback: () => void): void {
    if (this.count === 0) callback()
    else this.#onEmpty = callback
  }

  /** Rejects every call in flight; what the runtime answers later is dropped. */
  rejectAll(error: Error): void {
    this.#onEmpty = null
    const abandoned = this.#slots.splice(0, this.count)
    this.#slots.forEach((flight, slot) => {
      flight.slot = slot
    })
    this.count = 0
    for (const flight of abandoned) flight.abandon(error)
  }

  /** Only for {@link Flight}: the last flight moves into the slot that this one leaves. */
  land(flight: Flight<Res>): void {
    const slots = this.#slots
    const end = --this.count
    const last = slots[end] as Flight<Res>
    if (last !== flight) {
      slots[flight.slot] = last
      last.slot = flight.slot
      slots[end] = flight
      flight.slot = end
    }
    if (this.spare > MAX_SPARE) slots.pop()
    if (end === 0 && this.#onEmpty !== null) this.#empty(this.#onEmpty)
  }

  #empty(callback: () => void): void {
    this.#onEmpty = null
    callback()
  }

  #build(slot: number): Flight<Res> {
    const flight = new Flight(this, slot)
    this.#slots.push(flight)
    return flight
  }
}

class Flight<Res> {
  slot: number
  isBoarded = false
  #resolve: (value: Res) => void = ignore
  #reject: (error: unknown) => void = ignore
  /** The executor of the call's promise. */
  readonly board: (resolve: (value: Res) => void, reject: (error: unknown) => void) => void
  readonly onValue: (value: Res) => void
  readonly onError: (error: unknown) => void

  constructor(flights: Flights<Res>, slot: number) {
    this.slot = slot
    this.board = (resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.isBoarded = true
    }
    this.onValue = value => {
      const resolve = this.#resolve
      if (resolve === ignore) return
      this.#forget()
      resolve(value)
      flights.land(this)
    }
    this.onError = error => {
      const reject = this.#reject
      if (reject === ignore) return
      this.#forget()
      reject(error)
      flights.land(this)
    }
  }

  /** Ends the call before its runtime does. Its slot is gone: the runtime may still settle it. */
  abandon(error: Error): void {
    const reject = this.#reject
    this.#forget()
    reject(error)
  }

  /** What has settled is not kept alive, and cannot settle again. */
  #forget(): void {
    this.#resolve = ignore
    this.#reject = ignore
    this.isBoarded = false
  }
}

function ignore(): void {}
