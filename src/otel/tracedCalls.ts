import {
  type Attributes,
  context,
  type Histogram,
  type Meter,
  type ObservableResult,
  type ObservableUpDownCounter,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { asError, type CallMessage, isCutoverError } from '../contract/index.js'
import { formatTraceparent, parseTraceparent } from './traceparent.js'

/** The boundaries that the conventions for RPC recommend, in s. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

interface OpenCall {
  readonly span: Span
  /** As `performance.now()`. */
  readonly begun: number
  errorType?: string
}

/** Calls with the same attributes. Kept for good, as SDKs do, which repeat the last value of what is not observed any more. */
type Groups = Map<string, { readonly attributes: Attributes; count: number }>

/** The calls that are waiting or in flight, with their spans, and the metrics of all calls. */
export class TracedCalls {
  readonly #tracer: Tracer
  readonly #duration: Histogram
  readonly #active: ObservableUpDownCounter
  readonly #waiting: ObservableUpDownCounter
  readonly #activeGroups: Groups = new Map()
  readonly #waitingGroups: Groups = new Map()
  readonly #open = new Map<CallMessage, OpenCall>()

  constructor(tracer: Tracer, meter: Meter) {
    this.#tracer = tracer
    this.#duration = meter.createHistogram('cutover.call.duration', {
      description: 'The time from a call to its answer, its wait included.',
      unit: 's',
      advice: { explicitBucketBoundaries: BOUNDARIES },
    })
    this.#active = meter.createObservableUpDownCounter('cutover.call.active', {
      description: 'Calls in flight.',
      unit: '{call}',
    })
    this.#waiting = meter.createObservableUpDownCounter('cutover.call.waiting', {
      description: 'Calls that wait for a version.',
      unit: '{call}',
    })
    this.#active.addCallback(this.#observeActive)
    this.#waiting.addCallback(this.#observeWaiting)
  }

  /** Starts the span of a call, and gives the call its trace. */
  start(message: CallMessage): void {
    const { aggregate, traceparent } = message
    const remote = traceparent === undefined ? undefined : parseTraceparent(traceparent)
    const parent = remote === undefined ? context.active() : trace.setSpanContext(context.active(), remote)
    const attributes = { 'rpc.system': 'cutover', 'rpc.service': aggregate, 'rpc.method': 'call' }
    const kind = SpanKind.CLIENT
    const span = this.#tracer.startSpan(`${aggregate}/call`, { kind, attributes }, parent)
    this.#open.set(message, { span, begun: performance.now() })
    message.traceparent = formatTraceparent(span.spanContext()) ?? traceparent
  }

  failed(message: CallMessage): void {
    const call = this.#open.get(message)
    if (call !== undefined) call.errorType = errorTypeOf(message.error)
  }

  end(message: CallMessage): void {
    const call = this.#open.get(message)
    if (call === undefined) return
    this.#open.delete(message)
    const { span, begun, errorType } = call
    const attributes = attributesOf(message)
    if (errorType !== undefined) {
      attributes['error.type'] = errorType
      // Without the text of the error, which may quote the request.
      span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.setAttributes(attributes)
    span.end()
    this.#duration.record((performance.now() - begun) / 1_000, attributes)
  }

  /** Ends the spans of open calls, and observes nothing more. */
  close(): void {
    this.#active.removeCallback(this.#observeActive)
    this.#waiting.removeCallback(this.#observeWaiting)
    for (const { span } of this.#open.values()) span.end()
    this.#open.clear()
  }

  readonly #observeActive = (result: ObservableResult): void => {
    this.#observe(result, this.#activeGroups, ({ version }) => version !== null)
  }

  readonly #observeWaiting = (result: ObservableResult): void => {
    this.#observe(result, this.#waitingGroups, ({ version }) => version === null)
  }

  #observe(result: ObservableResult, groups: Groups, counts: (message: CallMessage) => boolean): void {
    for (const group of groups.values()) group.count = 0
    for (const message of this.#open.keys()) {
      if (!counts(message)) continue
      const key = JSON.stringify([message.aggregate, message.version, message.role])
      const group = groups.get(key) ?? { attributes: attributesOf(message), count: 0 }
      group.count++
      groups.set(key, group)
    }
    for (const { attributes, count } of groups.values()) result.observe(count, attributes)
  }
}

function attributesOf({ aggregate, version, role }: CallMessage): Attributes {
  const attributes: Attributes = { 'cutover.aggregate': aggregate }
  if (version !== null) attributes['cutover.version'] = version
  if (role !== null) attributes['cutover.role'] = role
  return attributes
}

/** The code of an error of ours, or the name of another one. A name that is no name counts as `_OTHER`, as the conventions say. */
function errorTypeOf(error: unknown): string {
  if (isCutoverError(error)) return error.code
  const { name } = asError(error)
  return /^\w{1,64}$/.test(name) ? name : '_OTHER'
}
