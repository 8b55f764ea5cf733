/** The input, context, events and reports of the version machine, and the pure query on them. */

/** The capability that a host last reported, as plain data; bytes as hexadecimal text. */
export interface CapabilityFacts {
  /** The kind of environment, such as `intel-sgx`. */
  readonly hardware: string
  /** The runtime attestation key. */
  readonly rak: string | null
  /** The proof that the key belongs to the environment. */
  readonly attestation: string | null
}

/** An error as plain data. */
export interface ErrorFacts {
  /** The name of its class. */
  readonly name: string
  /** Its message. */
  readonly message: string
  /** Its code, if this library made it. */
  readonly code: string | null
}

/** The input of the version machine. */
export interface VersionInput {
  /** Canonical SemVer. */
  readonly version: string
  /** How long calls in flight may take to finish once the version leaves, in ms; 0 cuts them off at once. */
  readonly drainTimeout: number
  /** How long the host may take to report that it stopped, in ms. */
  readonly stopTimeout: number
}

/** The context of the version machine, as plain JSON. */
export interface VersionContext extends VersionInput {
  /**
   * The last report of the host about its end. `expected`: nothing, or it has started since; `stopped`: it has stopped;
   * `ended`: its stream of events is over, and no further event will come.
   */
  readonly host: 'expected' | 'stopped' | 'ended'
  /** The capability that its host last reported. */
  readonly capability: CapabilityFacts | null
  /** The last failure since it last ran: a failed start, its death, or the end of its host's event stream. */
  readonly lastError: ErrorFacts | null
}

/** The events of the version machine, sent by the aggregate, by the host and by the calls in flight. */
export type VersionEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'drained' }
  | { readonly type: 'host.started'; readonly capability: CapabilityFacts | null }
  /** `isFinal`: the host does not try again by itself. */
  | { readonly type: 'host.failedToStart'; readonly error: ErrorFacts; readonly isFinal: boolean }
  /** `error`: why it died; null for a planned stop. */
  | { readonly type: 'host.stopped'; readonly error: ErrorFacts | null }
  | { readonly type: 'host.updated'; readonly capability: CapabilityFacts | null }
  | { readonly type: 'host.ended'; readonly error: ErrorFacts }
  /** It took no call any more, and has not said why yet: it is on its way down, or restarts. */
  | { readonly type: 'host.refused' }

/** The events that a version sends to its aggregate. */
export type VersionReport =
  | { readonly type: 'version.running'; readonly version: string }
  /** It is not running, and has failed once more. */
  | { readonly type: 'version.failed'; readonly version: string }
  | { readonly type: 'version.lost'; readonly version: string }
  | { readonly type: 'version.stopped'; readonly version: string }

/** Whether the event repeats what the context holds, so that it changes nothing in any state. */
export function isRepeated({ capability }: Pick<VersionContext, 'capability'>, event: VersionEvent): boolean {
  if (event.type !== 'host.updated') return false
  const { capability: its } = event
  if (capability === null || its === null) return capability === its
  return (
    capability.hardware === its.hardware && capability.rak === its.rak && capability.attestation === its.attestation
  )
}
