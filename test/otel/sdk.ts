import { context, type DiagLogger, diag, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { AggregationTemporality, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { instrument } from 'cutover/otel'
import { onTestFinished } from 'vitest'

class Reader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE })
  }
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** OpenTelemetry's own SDK, in memory. It instruments this library until the test is over. */
export class Sdk {
  readonly #exporter = new InMemorySpanExporter()
  readonly #reader = new Reader()
  readonly tracer = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.#exporter)],
  }).getTracer('test')
  readonly meter = new MeterProvider({ readers: [this.#reader] }).getMeter('test')
  readonly instrumented: Disposable
  /** The lines of the `diag` logger. */
  readonly diagnosed: unknown[] = []

  constructor() {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    const error = (...said: unknown[]) => void this.diagnosed.push(said)
    const logger: DiagLogger = { error, warn: error, info: () => {}, debug: () => {}, verbose: () => {} }
    diag.setLogger(logger)
    this.instrumented = instrument(this)
    onTestFinished(() => {
      this.instrumented[Symbol.dispose]()
      for (const api of [context, diag, propagation, trace]) api.disable()
    })
  }

  get spans(): ReadableSpan[] {
    return this.#exporter.getFinishedSpans()
  }

  /** The points of a metric: the attributes, and the value or the number of values. */
  async points(name: string): Promise<[object, number][]> {
    const { resourceMetrics } = await this.#reader.collect()
    const metrics = resourceMetrics.scopeMetrics.flatMap(scope => scope.metrics)
    const points = metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []
    return points.map(({ attributes, value }) => [attributes, typeof value === 'number' ? value : value.count])
  }

  /** The unit of a metric, and the sum of its values. */
  async sumOf(name: string): Promise<[string, number]> {
    const { resourceMetrics } = await this.#reader.collect()
    const metrics = resourceMetrics.scopeMetrics.flatMap(scope => scope.metrics)
    const metric = metrics.find(({ descriptor }) => descriptor.name === name)
    const sums = metric?.dataPoints.map(({ value }) => (value as { sum: number }).sum) ?? []
    return [metric?.descriptor.unit ?? '', sums.reduce((all, sum) => all + sum, 0)]
  }
}
