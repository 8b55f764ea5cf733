/// <reference lib="esnext.disposable" preserve="true" />
import { subscribe, type TracingChannelSubscribers, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { diag, type Meter, metrics, type Tracer, trace } from '@opentelemetry/api'
import {
  CALL_CHANNEL,
  type CallMessage,
  EVENT_CHANNEL,
  type EventMessage,
  object,
  SWITCH_CHANNEL,
  type SwitchMessage,
} from '../contract/index.js'
import { TracedCalls } from './tracedCalls.js'

/** The options of {@link instrument}. */
export interface InstrumentOptions {
  /** Makes the spans. @default trace.getTracer('cutover') */
  readonly tracer?: Tracer | undefined
  /** Makes the instruments. @default metrics.getMeter('cutover') */
  readonly meter?: Meter | undefined
}

/**
 * Makes spans and metrics of every aggregate in this process, from now on until it is disposed of.
 *
 * Each call gets a span of kind client, named `<id of the aggregate>/call`, below the `traceparent` of the call, or else below the active
 * span. The runtime gets the span as `traceparent`. The metrics are `cutover.call.duration`, `cutover.call.active`,
 * `cutover.call.waiting`, `cutover.switch.duration` and `cutover.host.restarts`.
 *
 * Call it once, after the SDK was set up. An SDK that throws breaks no call: the error goes to the `diag` logger.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION` if the options are no object
 */
export function instrument(options: InstrumentOptions = {}): Disposable {
  const { tracer = trace.getTracer('cutover'), meter = metrics.getMeter('cutover') } = object('options', options)
  const calls = new TracedCalls(tracer, meter)
  const switchDuration = meter.createHistogram('cutover.switch.duration', {
    description: 'How long no version served during a switch.',
    unit: 's',
  })
  const restarts = meter.createCounter('cutover.host.restarts', {
    description: 'Crashes of a runtime, after each of which its host launches it again.',
    unit: '{restart}',
  })

  const ofCalls = {
    start: safely(message => calls.start(message)),
    error: safely(message => calls.failed(message)),
    asyncEnd: safely(message => calls.end(message)),
  } as TracingChannelSubscribers<CallMessage>
  const onSwitch = safely<SwitchMessage, unknown>(({ aggregate, to, duration }) => {
    switchDuration.record(duration / 1_000, { 'cutover.aggregate': aggregate, 'cutover.version': to })
  })
  const onEvent = safely<EventMessage, unknown>(({ aggregate, version, role, event }) => {
    if (event.type !== 'stopped' || event.reason === undefined) return
    restarts.add(1, { 'cutover.aggregate': aggregate, 'cutover.version': version, 'cutover.role': role })
  })

  const channel = tracingChannel<unknown, CallMessage>(CALL_CHANNEL)
  channel.subscribe(ofCalls)
  subscribe(SWITCH_CHANNEL, onSwitch)
  subscribe(EVENT_CHANNEL, onEvent)
  return {
    [Symbol.dispose]() {
      channel.unsubscribe(ofCalls)
      unsubscribe(SWITCH_CHANNEL, onSwitch)
      unsubscribe(EVENT_CHANNEL, onEvent)
      calls.close()
    },
  }
}

/** Node.js ends the process if a subscriber throws. */
function safely<Message extends Given, Given = Message>(take: (message: Message) => void): (message: Given) => void {
  return message => {
    try {
      take(message as Message)
    } catch (error) {
      diag.error('cutover/otel: the SDK threw', error)
    }
  }
}
