/** `cutover/otel`: spans and metrics for OpenTelemetry. Experimental: it may change in any release. */
export { type InstrumentOptions, instrument } from './instrument.js'
