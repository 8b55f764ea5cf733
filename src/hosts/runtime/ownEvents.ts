import { type Observable, Subject } from 'rxjs'
import type { CapabilityTEE, Logger, RuntimeEvent } from '../../contract/index.js'
import { SafeObservable } from '../../support/index.js'

/** The events that a runtime emits, each with its version. */
export class OwnEvents {
  /** For `watchEvents()`: a subscriber that throws is logged and breaks nothing (rule 22). */
  readonly watched$: Observable<RuntimeEvent>
  readonly #events$ = new Subject<RuntimeEvent>()
  readonly #version: string

  constructor(version: string, logger: Logger) {
    this.#version = version
    this.watched$ = new SafeObservable(this.#events$, err => logger.error({ err }, 'a subscriber threw'))
  }

  started(capabilityTEE?: CapabilityTEE): void {
    this.#events$.next({ type: 'started', version: this.#version, ...withCapability(capabilityTEE) })
  }

  updated(capabilityTEE: CapabilityTEE | undefined): void {
    this.#events$.next({ type: 'updated', version: this.#version, ...withCapability(capabilityTEE) })
  }

  /** The next attempt follows. */
  failed(error: Error): void {
    this.#events$.next({ type: 'failedToStart', version: this.#version, error })
  }

  /** No further attempt follows. */
  gaveUp(error: Error): void {
    this.#events$.next({ type: 'failedToStart', version: this.#version, error, final: true })
  }

  /** @param reason - why it died; undefined if the stop was planned */
  stopped(reason?: Error): void {
    this.#events$.next({ type: 'stopped', version: this.#version, ...(reason === undefined ? {} : { reason }) })
  }
}

function withCapability(capabilityTEE: CapabilityTEE | undefined): { readonly capabilityTEE?: CapabilityTEE } {
  return capabilityTEE === undefined ? {} : { capabilityTEE }
}
