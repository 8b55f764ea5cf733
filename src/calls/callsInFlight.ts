import { type CallOptions, systemClock } from '../contract/index.js'
import { type Flow, type FlowEnd, flowOf } from '../streams/index.js'
import { CallCounts } from './callCounts.js'
import type { Callee } from './callee.js'
import { type CallRecord, SharedRecord } from './callRecord.js'
import { CallStreams, type StreamLimit } from './callStreams.js'

const SETTLED = Promise.resolve()
const UNLIMITED: StreamLimit = { streamTimeout: Number.POSITIVE_INFINITY, clock: systemClock }

/** More unused slots than this are not kept. */
const MAX_SPARE = 256

/**
 * The calls in flight on one version. Each has one promise around the runtime's, because {@link rejectAll} must be able to
 * reject a call that the runtime never settles. A call with streams is in flight until the last of them has ended.
 *
 * The first `count` slots hold the calls in flight, in no order. The others are reused, so that a call allocates no closures.
 * The cost of a call does not depend on how many are in flight.
 */
export class CallsInFlight<Res> {
  /** How many calls are in flight. */
  count = 0
  /** How the calls ended that did not name their version. */
  readonly counts: CallCounts
  /** How the calls ended that named their version. */
  readonly pinned: CallCounts
  /** Counts calls in {@link pinned}. */
  readonly pinnedRecord: CallRecord
  readonly #slots: Slot<Res>[] = []
  /** The limit of the streams of its calls. */
  readonly limit: StreamLimit
  #onEmpty: (() => void) | null = null

  constructor(counts = new CallCounts(), pinned = new CallCounts(), limit = UNLIMITED) {
    this.counts = counts
    this.pinned = pinned
    this.pinnedRecord = new SharedRecord(pinned)
    this.limit = limit
  }

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
   * @param record - counts the call instead of {@link counts}
   * @throws RangeError if the stack is full; then no call is left in flight
   */
  track<Req>(
    callee: Callee<Req, Res>,
    request: Req,
    options: CallOptions | undefined,
    record: CallRecord | null = null,
  ): Promise<Res> {
    const upload = flowOf(request)
    const index = this.count
    const slot = this.#slots[index] ?? this.#addSlot(index)
    const promise = new Promise(slot.executor)
    // The stack had no room for `executor`: the promise has rejected with that RangeError.
    if (slot.resolve === ignore) return promise
    this.#send(slot, callee, request, options, record, upload)
    return promise
  }

  /**
   * As {@link track}, for a call whose answer nobody gets.
   *
   * @param failed - gets the error of the call
   */
  trackUnheard<Req>(
    callee: Callee<Req, Res>,
    request: Req,
    options: CallOptions | undefined,
    record: CallRecord | null,
    failed: (error: unknown) => void,
  ): void {
    const slot = this.#slots[this.count] ?? this.#addSlot(this.count)
    slot.executor(unheard, failed)
    this.#send(slot, callee, request, options, record)
  }

  #send<Req>(
    slot: Slot<Res>,
    callee: Callee<Req, Res>,
    request: Req,
    options: CallOptions | undefined,
    record: CallRecord | null,
    upload?: Flow,
  ): void {
    this.count++
    if (upload !== undefined) slot.upload = upload
    if (options !== undefined) slot.options = options
    if (record !== null) slot.record = record
    try {
      const answer = callee.call(upload === undefined ? request : (upload.given as Req), options)
      // A subclass of Promise may settle twice, so only a plain promise gets the slot's functions.
      const isPlain = answer instanceof Promise && answer.constructor === Promise
      if (isPlain) answer.then(slot.onValue, slot.onError)
      else Promise.resolve(answer).then(slot.onValue, slot.onError)
    } catch (error) {
      try {
        // On a stack of its own: Node.js reports a promise that rejects on a full stack as unhandled.
        SETTLED.then(slot.onError.bind(undefined, error))
      } catch (overflow) {
        // The stack has no room for that either, so the call leaves the table as in `remove`, without a function call.
        const slots = this.#slots
        const end = --this.count
        const last = slots[end] as Slot<Res>
        slots[slot.index] = last
        last.index = slot.index
        slots[end] = slot
        slot.index = end
        slot.resolve = ignore
        slot.options = undefined
        slot.record = null
        slot.upload = undefined
        throw overflow
      }
    }
  }

  /** Calls `callback` once, as soon as no call is in flight; at once if there is none. */
  whenEmpty(callback: () => void): void {
    if (this.count === 0) callback()
    else this.#onEmpty = callback
  }

  /** How many of the calls in flight name their version. Takes a look at each. */
  get pinnedCount(): number {
    let count = 0
    for (let i = 0; i < this.count; i++) if (this.#slots[i]?.record?.isIn(this.pinned) === true) count++
    return count
  }

  /**
   * Rejects every call in flight, and fails the streams of those that were answered. Later answers of the runtime are dropped.
   *
   * @param isCutOff - whether they count as cut off, rather than by the code of the error
   */
  rejectAll(error: Error, isCutOff = false): void {
    const rejected = this.#slots.splice(0, this.count)
    this.#slots.forEach((slot, index) => {
      slot.index = index
    })
    this.count = 0
    for (const slot of rejected) slot.reject(error, isCutOff)
    this.#reportEmpty()
  }

  /**
   * Only for {@link Slot}: the last slot in use moves to where this one was. A function of the user that saw the outcome may have led to
   * {@link rejectAll}: then the slot is not in the table any more.
   */
  remove(slot: Slot<Res>): void {
    const slots = this.#slots
    const { index } = slot
    if (slots[index] !== slot) return
    const end = --this.count
    const last = slots[end] as Slot<Res>
    if (last !== slot) {
      slots[index] = last
      last.index = index
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
  options: CallOptions | undefined
  record: CallRecord | null = null
  /** The stream of the request, if it is one. */
  upload: Flow | undefined
  /** The streams of the call, once it was answered. */
  #streams: CallStreams | undefined
  readonly #calls: CallsInFlight<Res>
  readonly #counts: CallCounts
  resolve: (value: Res) => void = ignore
  #reject: (error: unknown) => void = ignore
  /** The executor of the call's promise. */
  readonly executor: (resolve: (value: Res) => void, reject: (error: unknown) => void) => void
  readonly onValue: (value: Res) => void
  readonly onError: (error: unknown) => void

  constructor(calls: CallsInFlight<Res>, index: number) {
    const { counts } = calls
    this.index = index
    this.#calls = calls
    this.#counts = counts
    this.executor = (resolve, reject) => {
      this.resolve = resolve
      this.#reject = reject
    }
    this.onValue = value => {
      const { resolve, record } = this
      const answer = flowOf(value)
      if (resolve === ignore) {
        // The call was rejected before: nobody reads its stream.
        answer?.stop('cancelled', tooLate())
        return
      }
      if (answer !== undefined || this.upload !== undefined) {
        this.#stream(value, answer)
        return
      }
      if (record !== null) {
        this.#answered(record, value, calls)
        return
      }
      this.#clear()
      resolve(value)
      counts.answered++
      calls.remove(this)
    }
    this.onError = error => {
      const reject = this.#reject
      if (reject === ignore) return
      const { record, options, upload } = this
      this.#clear()
      reject(error)
      upload?.stop('failed', error)
      const isFailure = (record ?? counts).rejected(error, options)
      calls.remove(this)
      record?.ended(isFailure, options)
    }
  }

  /**
   * Rejects the call before its runtime settles it, or fails its streams. The slot is not reused, because the runtime may still
   * settle it.
   */
  reject(error: Error, isCutOff: boolean): void {
    const reject = this.#reject
    // It settles just now, and a function of the user that saw the outcome has led here.
    if (reject === ignore) return
    const streams = this.#streams
    const { record, options, upload } = this
    this.#clear()
    reject(error)
    streams?.fail(error)
    upload?.stop('failed', error)
    if (!isCutOff) (record ?? this.#counts).rejected(error, options)
    else if (record === null) this.#counts.cutOff++
    else record.cutOff(error)
    record?.ended(true, options)
  }

  /** The answer of a call with a record. */
  #answered(record: CallRecord, value: Res, calls: CallsInFlight<Res>): void {
    const { options, resolve } = this
    this.#clear()
    resolve(value)
    const isFailure = record.answered(value)
    calls.remove(this)
    record.ended(isFailure, options)
  }

  /** Gives the answer to the caller. The call stays in flight until its streams have ended. */
  #stream(value: Res, answer: Flow | undefined): void {
    const { options, upload, resolve } = this
    const given = answer === undefined ? value : (answer.given as Res)
    const streams: CallStreams = new CallStreams({
      answer,
      upload,
      options,
      limit: this.#calls.limit,
      ended: end => {
        if (this.#streams === streams) this.#ended(given, end)
      },
    })
    this.#streams = streams
    this.resolve = settled
    this.#reject = settled
    resolve(given)
    if (resolve !== unheard) {
      streams.start()
      return
    }
    // Nobody reads the answer of a mirrored call.
    answer?.stop('cancelled', undefined)
    this.#ended(given, { status: 'finished' })
  }

  /** The last stream of the call has ended. @param end - how the answer did */
  #ended(value: Res, end: FlowEnd): void {
    const { record, options } = this
    const counts = this.#counts
    this.#clear()
    let isFailure = false
    if (end.status === 'failed') isFailure = (record ?? counts).rejected(end.reason, options)
    else if (end.status === 'finished' && record !== null) isFailure = record.answered(value)
    else if (end.status === 'finished') counts.answered++
    else if (record !== null) record.cancelled(end.reason)
    else counts.givenUp++
    this.#calls.remove(this)
    record?.ended(isFailure, options)
  }

  /** Drops the functions of a settled promise: it is not kept alive and cannot settle again. */
  #clear(): void {
    this.resolve = ignore
    this.#reject = ignore
    this.upload = undefined
    this.#streams = undefined
    if (this.options !== undefined) this.options = undefined
    if (this.record !== null) this.record = null
  }
}

function tooLate(): Error {
  return new Error('The call had ended before its answer came.')
}

function ignore(): void {}

/** Differs from {@link ignore}, which marks a free slot. */
function unheard(): void {}

/** As {@link unheard}, for a call whose streams still flow. */
function settled(): void {}
