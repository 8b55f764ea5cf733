import { performance } from 'node:perf_hooks'
import type { Logger, RuntimeEvent } from '../contract/index.js'

/** The log lines about one version: each step of its life at `info`, each failure at `warn`. */
export class VersionLog {
  readonly #version: string
  readonly #logger: Logger
  /** When it began to leave, in ms. */
  #leavingSince: number | undefined

  constructor(version: string, logger: Logger) {
    this.#version = version
    this.#logger = logger
  }

  starts(): void {
    this.#info('version starts')
  }

  isRunning(): void {
    this.#info('version is running')
  }

  isActive(): void {
    this.#info('version is active now')
  }

  leaves(): void {
    this.#leavingSince = performance.now()
  }

  stops(): void {
    this.#info('version stops')
  }

  /** Logs how long the version took to leave. A version that was never started is removed without a line. */
  hasLeft(): void {
    if (this.#leavingSince === undefined) return
    this.#info('version has left', { ms: Math.round(performance.now() - this.#leavingSince) })
  }

  /** Logs a failed start or a death, with the role of the version. Subscribers do not hear of a failing next version. */
  heard(event: RuntimeEvent, role: string): void {
    if (event.type === 'failedToStart') {
      const message =
        event.final === true ? 'version failed to start: its host has given up' : 'version failed to start'
      this.#logger.warn({ version: this.#version, role, err: event.error }, message)
    } else if (event.type === 'stopped' && event.reason !== undefined) {
      this.#logger.warn({ version: this.#version, role, err: event.reason }, 'version died')
    }
  }

  #info(message: string, more: object = {}): void {
    this.#logger.info({ version: this.#version, ...more }, message)
  }
}
