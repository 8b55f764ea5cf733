/** The events of runtimes, as the machine of a version takes them. */
import { types } from 'node:util'
import type { CapabilityFacts, ErrorFacts, VersionEvent } from '../../machines/index.js'
import { asError, type CapabilityTEE, isCutoverError, type RuntimeEvent } from '../contract/index.js'

export function toVersionEvent(event: RuntimeEvent): VersionEvent | undefined {
  switch (event.type) {
    case 'started':
      return { type: 'host.started', capability: capabilityFacts(event.capabilityTEE) }
    case 'updated':
      return { type: 'host.updated', capability: capabilityFacts(event.capabilityTEE) }
    case 'failedToStart':
      return { type: 'host.failedToStart', error: errorFacts(event.error), isFinal: event.final === true }
    case 'stopped':
      return { type: 'host.stopped', error: event.reason === undefined ? null : errorFacts(event.reason) }
    case 'configUpdated':
      return undefined
  }
}

/** The event of a host whose stream of events has ended. */
export function eventsEnded(error: Error): VersionEvent {
  return { type: 'host.ended', error: errorFacts(error) }
}

/** The failure that an event tells of, if it does. */
export function failureIn(event: RuntimeEvent): Error | undefined {
  if (event.type === 'failedToStart') return asError(event.error)
  return event.type === 'stopped' && event.reason !== undefined ? asError(event.reason) : undefined
}

/** Hosts in other languages may send anything, such as null for a missing value. */
function capabilityFacts(capability: CapabilityTEE | null | undefined): CapabilityFacts | null {
  if (capability === undefined || capability === null) return null
  const hex = (bytes: unknown) => (types.isUint8Array(bytes) ? Buffer.from(bytes).toString('hex') : null)
  return { hardware: `${capability.hardware}`, rak: hex(capability.rak), attestation: hex(capability.attestation) }
}

function errorFacts(thrown: unknown): ErrorFacts {
  const { name, message } = asError(thrown)
  return { name, message, code: isCutoverError(thrown) ? thrown.code : null }
}
