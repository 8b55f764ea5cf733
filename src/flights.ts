/** What a call is sent to. */
export interface Callee<Req, Res, Options> {
  call(request: Req, options: Options): Res | Promise<Res>
}

/** More landed flights than this are not kept for reuse. */
const MAX_SPARE = 256

/**
 * The calls in flight on one runtime. Each has one promise of ours around the runtime's, because {@link rejectAll} must
 * be able to end a call that the runtime never settles.
 *
 * A flight that has landed is used again, the last one first, so that a call makes no closures and finds what it needs in
 * the cache. Taking off and landing cost the same however many there are.
 */
export class Flights<Res> {
  /** How many calls are in flight. */
  count = 0
  /** Those in flight and those that have landed. */
  readonly #flights: Flight<Res>[] = []
  /** The first of those that have landed; the others hang on it. */
  #landed: Flight<Res> | null = null
  #onEmpty: (() => void) | null = null

  /** How many landed flights are kept for reuse. */
  get spare(): number {
    return this.#flights.length - this.count
  }

  /** Calls `callee` and hands on its answer or error; a callee that throws rejects. */
  launch<Req, Options>(callee: Callee<Req, Res, Options>, request: Req, options: Options): Promise<Res> {
    const flight = this.#landed ?? this.#build()
    this.#landed = flight.next
    this.count++
    const promise = new Promise(flight.board)
    try {
      const answer = callee.call(request, options)
      // A subclass may settle twice: only a plain promise is trusted with the flight.
      const isPlain = answer instanceof Promise && answer.constructor === Promise
      if (isPlain) answer.then(flight.onValue, flight.onError)
      else Promise.resolve(answer).then(flight.onValue, flight.onError)
    } catch (error) {
      flight.onError(error)
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
    this.#landed = null
    this.count = 0
    for (const flight of this.#flights.splice(0)) flight.abandon(error)
  }

  /** Only for {@link Flight}. */
  land(flight: Flight<Res>): void {
    this.count--
    if (this.spare > MAX_SPARE) this.#drop(flight)
    else {
      flight.next = this.#landed
      this.#landed = flight
    }
    if (this.count === 0 && this.#onEmpty !== null) this.#empty(this.#onEmpty)
  }

  #empty(callback: () => void): void {
    this.#onEmpty = null
    callback()
  }

  #build(): Flight<Res> {
    const flight = new Flight(this, this.#flights.length)
    this.#flights.push(flight)
    return flight
  }

  /** The last one takes its place. */
  #drop(flight: Flight<Res>): void {
    const last = this.#flights.pop()
    if (last === undefined || last === flight) return
    this.#flights[flight.index] = last
    last.index = flight.index
  }
}

class Flight<Res> {
  /** Where it is in the list of all. */
  index: number
  /** When it has landed: the one that landed before it. */
  next: Flight<Res> | null = null
  #resolve: (value: Res | Promise<Res>) => void = ignore
  /** The executor of the call's promise. To take one function only is quicker: V8 then makes no other. */
  readonly board: (resolve: (value: Res | Promise<Res>) => void) => void
  readonly onValue: (value: Res) => void
  readonly onError: (error: unknown) => void

  constructor(flights: Flights<Res>, index: number) {
    this.index = index
    this.board = resolve => {
      this.#resolve = resolve
    }
    this.onValue = value => {
      const resolve = this.#resolve
      if (resolve === ignore) return
      // What has settled is not kept alive, and cannot settle again.
      this.#resolve = ignore
      resolve(value)
      flights.land(this)
    }
    this.onError = error => {
      if (this.abandon(error)) flights.land(this)
    }
  }

  /** Rejects its call, if it is in flight. Its runtime may settle it later: then nothing happens. @returns whether it was */
  abandon(error: unknown): boolean {
    const resolve = this.#resolve
    if (resolve === ignore) return false
    this.#resolve = ignore
    resolve(Promise.reject(error))
    return true
  }
}

function ignore(): void {}
